// The tuned kernels are CUDA C++. A file defines BUFFERS, PARAMS and THREADS, includes this one, then writes KERNEL { ... }. The build
// defines NAME and the switches of kernels.list; with GK_MANIFEST the preprocessor prints the interface, as for the portable kernels.
// Products and sums are rounded one by one (nvcc -fmad=false) in a fixed order: the bits are the same on every GPU.
#ifdef GK_MANIFEST
#define IN_F32(b) f32 in b |
#define IN_U32(b) u32 in b |
#define OUT_F32(b) f32 out b |
#define OUT_U32(b) u32 out b |
@interface NAME THREADS @ BUFFERS @ PARAMS @
#define KERNEL
#else
#include <cuda_fp16.h>
typedef unsigned int uint;
#define IN_F32(b) const float* b,
#define IN_U32(b) const uint* b,
#define OUT_F32(b) float* b,
#define OUT_U32(b) uint* b,
#define KERNEL extern "C" __global__ void __launch_bounds__(THREADS) NAME(BUFFERS const Params p)
#define FN inline __device__ __attribute__((always_inline))
#define UNROLL _Pragma("unroll")
struct Params { PARAMS };

// One-dimensional launches fold into two dimensions (Launch.FOLD).
FN uint group() { return blockIdx.y * 32768u + blockIdx.x; }
FN float half_to_float(uint bits) { return __half2float(__ushort_as_half((unsigned short)bits)); }
FN uint byte_of(uint word, uint i) { return word >> 8u * i & 255u; }

// What another lane of the warp has, the one whose number differs in the bits of `by`.
template <typename T> FN T from_lane(T v, uint by) { return __shfl_xor_sync(0xffffffffu, v, by); }
#endif
