// CUDA: nvcc -fmad=false, so that products and sums are rounded one by one (mul.rn, add.rn), also by a driver's compiler.
#include <cuda_fp16.h>
typedef unsigned int uint;
#define FN inline __device__ __attribute__((always_inline))
#define KERNEL extern "C" __global__ void __launch_bounds__(THREADS) NAME(BUFFERS const Params p)
#define IN_F32(b) const float* b,
#define IN_U32(b) const uint* b,
#define OUT_F32(b) float* b,
#define OUT_U32(b) uint* b,
#define INOUT_F32(b) float* b,
#define INOUT_U32(b) uint* b,
#define ARG_F32(b) const float* b,
#define ARG_U32(b) const uint* b,
#define PASS(b) b,
#define LD(b, i) b[i]
#define ST(b, i, v) b[i] = (v)
#define SHARED(type, name, n) __shared__ __align__(16) type name[n]
#define THREAD threadIdx.x
#define GROUP_X blockIdx.x
#define GROUP_Y blockIdx.y
#define GROUP_Z blockIdx.z
#define UNROLL _Pragma("unroll")
FN void barrier() { __syncthreads(); }
FN uint as_uint(float x) { return __float_as_uint(x); }
FN float as_float(uint x) { return __uint_as_float(x); }
FN uint mul_hi(uint a, uint b) { return __umulhi(a, b); }
FN float half_to_float(uint w) { return __half2float(__ushort_as_half((unsigned short)w)); }
FN float mad(float a, float b, float c) { return a * b + c; }
struct Params { PARAMS };
