#version 450
// y = a * x + y
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer X { float x[]; };
layout(std430, set = 0, binding = 1) buffer Y { float y[]; };
layout(push_constant) uniform Values { uint at[8]; uint n; float a; } v;

void main() {
  uint i = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 64 + gl_LocalInvocationID.x;
  if (i < v.n) {
    y[v.at[1] + i] = v.a * x[v.at[0] + i] + y[v.at[1] + i];
  }
}
