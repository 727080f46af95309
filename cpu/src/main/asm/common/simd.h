// One text for AVX-512, AVX2 and NEON: a vector of VL floats. Names start with v; the operations are those of the hardware,
// one rounding each, and vfma is always fused. Nothing here reads or writes outside [p, p + n).
//
//   types   vf: VL floats, vi: VL int32, vm: VL truth values
//   memory  load_T(p), load_part_T(p, n), store_T(p, v), store_part_T(p, v, n) for T = f32 f16 bf16, 0 < n < VL; a partial
//           load fills with zeros. 16-bit stores round to nearest even and keep NaN a NaN.
//   vmax(a, b)  a > b ? a : b, so NaN in b comes through and NaN in a does not; vmin alike
#pragma once
#include "entry.h"

#if defined(__AVX512F__)
#include "simd_avx512.h"
#elif defined(__AVX2__)
#include "simd_avx2.h"
#elif defined(__ARM_NEON)
#include "simd_neon.h"
#else
#error "no vector instruction set"
#endif

INLINE vf load_f32(const float* p) { return vload(p); }
INLINE void store_f32(float* p, vf v) { vstore(p, v); }

#define TYPE_f32 float
#define TYPE_f16 half_t
#define TYPE_bf16 bfloat_t
#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define TYPE(T) PASTE(TYPE_, T)
#define LOAD(T, p) PASTE(load_, T)(p)
#define STORE(T, p, v) PASTE(store_, T)(p, v)
#define LOAD_PART(T, p, n) PASTE(load_part_, T)(p, n)
#define STORE_PART(T, p, v, n) PASTE(store_part_, T)(p, v, n)

#define UNROLLED _Pragma("clang loop unroll(full)")

INLINE int64_t min_l(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t max_l(int64_t a, int64_t b) { return a > b ? a : b; }
