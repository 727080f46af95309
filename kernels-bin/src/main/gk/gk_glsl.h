// Vulkan: the preprocessed text is GLSL 450, one shader for each kernel. Buffers and parameters are global, so ARG and PASS
// vanish: a helper names its buffer as the kernel does. A descriptor starts at an aligned offset; `at` holds the words
// from there to the slice.
#define FN
#define KERNEL layout(local_size_x = THREADS) in; void main()
#define BUFFER_(type, b, access) const uint b##_n = __COUNTER__; layout(std430, set = 0, binding = b##_n) access buffer b##_block { type b[]; };
#define IN_F32(b) BUFFER_(float, b, readonly)
#define IN_U32(b) BUFFER_(uint, b, readonly)
#define OUT_F32(b) BUFFER_(float, b, )
#define OUT_U32(b) BUFFER_(uint, b, )
#define INOUT_F32(b) BUFFER_(float, b, )
#define INOUT_U32(b) BUFFER_(uint, b, )
#define ARG_F32(b)
#define ARG_U32(b)
#define PASS(b)
#define LD(b, i) b[p.at[b##_n] + (i)]
#define ST(b, i, v) b[p.at[b##_n] + (i)] = (v)
#define SHARED(type, name, n) shared type name[n]
#define THREAD gl_LocalInvocationID.x
#define GROUP_X gl_WorkGroupID.x
#define GROUP_Y gl_WorkGroupID.y
#define GROUP_Z gl_WorkGroupID.z
#define UNROLL [[unroll]]
#define as_uint floatBitsToUint
#define as_float uintBitsToFloat
uint mul_hi(uint a, uint b) { uint high, low; umulExtended(a, b, high, low); return high; }
float half_to_float(uint w) { return unpackHalf2x16(w).x; }
float mad(float a, float b, float c) { return a * b + c; }
layout(push_constant) uniform Params { uint at[8]; PARAMS } p;
BUFFERS
