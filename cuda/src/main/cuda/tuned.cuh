// The tuned kernels are CUDA C++. A file defines BUFFERS, PARAMS and THREADS, includes this one, then writes KERNEL { ... }. The build
// defines NAME and the switches of kernels.list; with GK_MANIFEST the preprocessor prints the interface, as for the portable kernels.
// Products and sums are rounded one by one (nvcc -fmad=false) or fused by name, in a fixed order: the bits are the same on every GPU.
#define F32 1
#define F16 2
#define BF16 3

// Operands of TYPE: buffers are words, 16-bit numbers sit two to a word.
#ifdef TYPE
#if TYPE == F32
#define IN(b) IN_F32(b)
#define OUT(b) OUT_F32(b)
#else
#define IN(b) IN_U32(b)
#define OUT(b) OUT_U32(b)
#endif
#endif

#ifdef GK_MANIFEST
#define IN_F32(b) f32 in b |
#define IN_U32(b) u32 in b |
#define OUT_F32(b) f32 out b |
#define OUT_U32(b) u32 out b |
#define INOUT_U32(b) u32 inout b |
@interface NAME THREADS @ BUFFERS @ PARAMS @
#define SHARED(type, name, n) @shared n @
#define KERNEL
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
typedef unsigned int uint;
#define IN_F32(b) const float* b,
#define IN_U32(b) const uint* b,
#define OUT_F32(b) float* b,
#define OUT_U32(b) uint* b,
#define INOUT_U32(b) uint* b,
#define KERNEL extern "C" __global__ void __launch_bounds__(BOUNDS) NAME(BUFFERS const Params p)
#define BOUNDS THREADS
#define FN inline __device__ __attribute__((always_inline))
#define UNROLL _Pragma("unroll")
#define ROLLED _Pragma("unroll 1")           // where the compiler would unroll to no gain
#define SHARED(type, name, n) __shared__ __align__(16) type name[n]
struct Params { PARAMS };

// One-dimensional launches fold into two dimensions (Launch.FOLD).
FN uint group() { return blockIdx.y * 32768u + blockIdx.x; }
FN float half_to_float(uint bits) { return __half2float(__ushort_as_half((unsigned short)bits)); }
FN float bfloat_to_float(uint bits) { return __uint_as_float(bits << 16); }
FN uint byte_of(uint word, uint i) { return word >> 8u * i & 255u; }

// What another lane of the warp has, the one whose number differs in the bits of `by`.
template <typename T> FN T from_lane(T v, uint by) { return __shfl_xor_sync(0xffffffffu, v, by); }

#define NEG_INF __uint_as_float(0xff800000u)
FN bool is_nan(float x) { return (__float_as_uint(x) & 0x7fffffffu) > 0x7f800000u; }

// b if it is larger than a, or not a number.
FN float larger(float a, float b) { return b > a || is_nan(b) ? b : a; }

// e^x for x <= 0, to 1 ulp; zero below -86.9, as the portable exp_of. Without ex2.approx, whose bits are the GPU's own, and without a
// branch.
FN float exp_of(float x) {
  float m = rintf(fmaxf(x, -87.0f) * 1.44269504f);
  float r = __fmaf_rn(m, 2.12194440e-4f, __fmaf_rn(m, -0.693359375f, fmaxf(x, -87.0f)));
  float q = __fmaf_rn(1.9875691500e-4f, r, 1.3981999507e-3f);
  q = __fmaf_rn(q, r, 8.3334519073e-3f);
  q = __fmaf_rn(q, r, 4.1665795894e-2f);
  q = __fmaf_rn(q, r, 1.6666665459e-1f);
  q = __fmaf_rn(q, r, 5.0000001201e-1f);
  q = (__fmaf_rn(q, r * r, r) + 1.0f) * __uint_as_float((uint)((int)m + 127) << 23);
  return x >= -86.9f ? q : is_nan(x) ? x : 0.0f;
}
#endif
