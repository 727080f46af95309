// Dot products of 16 rows x 4 columns with 4 activations: VNNI, or AVX2 pairs (vpmaddubsw saturates at 16 bits, hence the
// three forms by weight range).
#pragma once
#include <immintrin.h>
#include "quant.h"

#ifdef __AVX512VNNI__
// The bytes of 0..15 as levels: a table of 16 in every 128 bits.
INLINE u32x16 look_up(u32x16 levels, u32x16 codes) {
  return (u32x16)_mm512_shuffle_epi8((__m512i)levels, (__m512i)codes);
}
#define FUSED_TOKENS 4                     // tokens that the registers hold in the fused kernels
#define SIGNED_QUADS 0                     // mode d32 keeps weights unsigned (+128), the sum starts at c
typedef i32x16 Sum4;
INLINE i32x16 start_d32(const int32_t* c) { return splat_i(c); }
INLINE i32x16 dot_u8(i32x16 v, u32x16 w, const int8_t* a) {
  return (i32x16)_mm512_dpbusd_epi32((__m512i)v, (__m512i)w, (__m512i)splat_i(a));
}
INLINE i32x16 dot_d32(i32x16 v, u32x16 w, const int8_t* a) { return dot_u8(v, w, a); }
INLINE i32x16 dot_u6(i32x16 v, u32x16 w, const int8_t* a) { return dot_u8(v, w, a); }
INLINE Sum4 sum4_zero(void) { return (i32x16){}; }
INLINE Sum4 sum4_add(Sum4 v, u32x16 w, const int8_t* a) { return dot_u8(v, w, a); }
INLINE i32x16 sum4_end(Sum4 v) { return v; }
INLINE i32x16 dot_pairs(i32x16 v, u32x16 w, const int16_t* s) {
  return (i32x16)_mm512_dpwssd_epi32((__m512i)v, (__m512i)w, (__m512i)splat_i(s));
}
#else
#define FUSED_TOKENS 2
#define SIGNED_QUADS 1                     // |w| * sign(a, w): 128 * 127 * 2 fits 16 bits, 255 * 127 * 2 would not
typedef struct { __m256i lo, hi; } Sum4;   // 16-bit sums: 8 quads of weights up to 15 reach 30480
INLINE __m256i lower(u32x16 v) { return (__m256i)__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7); }
INLINE __m256i upper(u32x16 v) { return (__m256i)__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15); }
INLINE i32x16 join(__m256i lo, __m256i hi) {
  return (i32x16)__builtin_shufflevector((__v8si)lo, (__v8si)hi, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
INLINE __m256i splat_y(const void* p) { return _mm256_set1_epi32(*(const i32_any*)p); }
INLINE __m256i wide(__m256i pairs) { return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)); }
INLINE u32x16 look_up(u32x16 levels, u32x16 codes) {
  return (u32x16)join(_mm256_shuffle_epi8(lower(levels), lower(codes)), _mm256_shuffle_epi8(upper(levels), upper(codes)));
}
INLINE i32x16 start_d32(const int32_t* c) { (void)c; return (i32x16){}; }
INLINE __m256i signed_pairs(__m256i w, __m256i a) { return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w)); }
INLINE i32x16 dot_d32(i32x16 v, u32x16 w, const int8_t* a) {
  __m256i x = splat_y(a);
  return v + join(wide(signed_pairs(lower(w), x)), wide(signed_pairs(upper(w), x)));
}
INLINE i32x16 dot_u6(i32x16 v, u32x16 w, const int8_t* a) {
  __m256i x = splat_y(a);
  return v + join(wide(_mm256_maddubs_epi16(lower(w), x)), wide(_mm256_maddubs_epi16(upper(w), x)));
}
INLINE Sum4 sum4_zero(void) { return (Sum4){_mm256_setzero_si256(), _mm256_setzero_si256()}; }
INLINE Sum4 sum4_add(Sum4 v, u32x16 w, const int8_t* a) {
  __m256i x = splat_y(a);
  return (Sum4){_mm256_add_epi16(v.lo, _mm256_maddubs_epi16(lower(w), x)), _mm256_add_epi16(v.hi, _mm256_maddubs_epi16(upper(w), x))};
}
INLINE i32x16 sum4_end(Sum4 v) { return join(wide(v.lo), wide(v.hi)); }
INLINE i32x16 dot_pairs(i32x16 v, u32x16 w, const int16_t* s) {
  __m256i x = splat_y(s);
  return v + join(_mm256_madd_epi16(lower(w), x), _mm256_madd_epi16(upper(w), x));
}
#endif
