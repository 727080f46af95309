#version 450
// y[i] = x[i + 1] + 1, around the end: every word depends on one that another group wrote in the launch before.
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer X { uint x[]; };
layout(std430, set = 0, binding = 1) buffer Y { uint y[]; };
layout(push_constant) uniform Values { uint at[8]; uint n; } v;

void main() {
  uint i = gl_WorkGroupID.x * 64 + gl_LocalInvocationID.x;
  if (i < v.n) {
    y[v.at[1] + i] = x[v.at[0] + (i + 1) % v.n] + 1;
  }
}
