#version 450
// y[i] = table[index[i]]; an index outside the table is a fault, and writes nothing.
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) readonly buffer I { uint index[]; };
layout(std430, set = 0, binding = 1) readonly buffer T { uint table[]; };
layout(std430, set = 0, binding = 2) buffer Y { uint y[]; };
layout(std430, set = 0, binding = 3) buffer F { uint faults[]; };
layout(push_constant) uniform Values { uint at[8]; uint n; uint limit; } v;

void main() {
  uint i = gl_WorkGroupID.x * 64 + gl_LocalInvocationID.x;
  if (i >= v.n) {
    return;
  }
  uint k = index[v.at[0] + i];
  if (k < v.limit) {
    y[v.at[2] + i] = table[v.at[1] + k];
  } else if (atomicCompSwap(faults[v.at[3]], 0, 1) == 0) {
    faults[v.at[3] + 1] = i;
    faults[v.at[3] + 2] = k;
    faults[v.at[3] + 3] = v.limit;
  }
}
