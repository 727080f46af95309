// Ternary weights, three in five bits, for processors with AVX512-VBMI: vpermb looks up the digits of 64 indices, whatever their upper
// bits, so that 1.75 bits a weight with the scale cost 2.4 operations for each 64 weights. Two bits a weight, as elsewhere, are up to 40 %
// more bytes than the file has.
//
// A superblock has seven pairs of vectors, bytes laid out as those of a quad. The index v of a byte holds the digits of quads 3v, 3v+1 and
// 3v+2, lowest first: index 3p is bits 0-4 of the first vector of pair p, 3p+1 those of the second one, 3p+2 bits 5-7 of the first and 5-6
// of the second. The highest bits of second vectors: of pairs 0-3 the f16 scales of the rows, of pairs 4 and 5 the low and the high bits of
// quad 63. A head holds what else there is.
#pragma once
#include "quant_heads.h"

static const uint8_t TRIT_DIGITS[3][32] = {
    {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2},
    {0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0, 1, 1, 1, 2, 2, 2},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2},
};

// What levels are moved by where they are looked up: 128 as dot_d32 takes them, or 129 and 131 less 2 where moved up.
#define TRIT_OFFSET(delta) ((delta) == 0 ? 128 : (delta) == DELTA_RUN ? 129 : 131)

// The sixth bit of an index is any: the table is there twice.
INLINE __m512i trit_table(int digit, int delta) {
  u32x16 t = (u32x16)_mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i*)TRIT_DIGITS[digit]));
  return (__m512i)(delta ? (t << 3) + 0x01010101u * (TRIT_OFFSET(delta) - 9) : t + 0x01010101u * (TRIT_OFFSET(delta) - 1));
}
INLINE u32x16 pair_at(const uint8_t* codes, int p, int second) { return load_u(codes + 128 * p + 64 * second); }
INLINE u32x16 select(u32x16 a, u32x16 b, uint32_t mask) { return (a & mask) | (b & ~(u32x16)((u32x16){} + mask)); }

INLINE u32x16 trit_index(const uint8_t* codes, int v) {
  if (v % 3 < 2) return pair_at(codes, v / 3, v % 3);
  return select(pair_at(codes, v / 3, 0) >> 5, pair_at(codes, v / 3, 1) >> 2, 0x07070707u);
}
// Quad i of a superblock.
INLINE u32x16 trit_quad(const uint8_t* codes, int i, int delta) {
  u32x16 index = i < 63 ? trit_index(codes, i / 3) : select(pair_at(codes, 4, 1) >> 7, pair_at(codes, 5, 1) >> 6, 0x01010101u) & 0x03030303u;
  return (u32x16)_mm512_permutexvar_epi8((__m512i)index, trit_table(i % 3, delta));
}
// A quad as dot_d32 takes it, those rows moved up by 2 that have the bit.
INLINE u32x16 trit_levels(u32x16 z, u32x16 deltas, int bit, int delta) {
  __mmask16 rows = _mm512_test_epi32_mask((__m512i)deltas, _mm512_set1_epi32(1 << bit));
  z -= 0x01010101u * (TRIT_OFFSET(delta) - 128);
  return delta ? (u32x16)_mm512_mask_add_epi32((__m512i)z, rows, (__m512i)z, _mm512_set1_epi32(0x02020202)) : z;
}
// What the offset adds to the sum of run j, which starts there.
INLINE i32x16 trit_start(const int32_t* c, const int16_t* eights, u32x16 deltas, int j, int delta) {
  if (delta == DELTA_EIGHT) {
    u32x16 up = j == 0 ? deltas << 1 : deltas >> (uint32_t)(j - 1);
    return dot_pairs((i32x16){}, (up & 0x00020002u) | 0xff7dff7du, eights + 2 * j);
  }
  i32x16 v = splat_i(c);
  if (delta == 0) return v;
  __mmask16 rows = _mm512_test_epi32_mask((__m512i)deltas, _mm512_set1_epi32(1 << (4 * j)));
  i32x16 once = v >> 7;
  return (i32x16)_mm512_mask_sub_epi32((__m512i)(v + once), rows, (__m512i)v, (__m512i)once);
}
// Sums of 8 columns of a superblock.
INLINE void sums_of_eight(const int8_t* q, int16_t* to) {
  UNROLL for (int i = 0; i < 4; i++) {
    __m512i sum = _mm512_sad_epu8((__m512i)(load_u(q + 64 * i) ^ 0x80808080u), _mm512_setzero_si512());
    _mm_storeu_si128((__m128i*)(to + 8 * i), _mm512_cvtepi64_epi16(_mm512_sub_epi64(sum, _mm512_set1_epi64(1024))));
  }
}
INLINE int64_t top_bits(u32x16 z) { return (int64_t)_mm512_movepi8_mask((__m512i)z); }
INLINE f32x16 trit_scale(const uint8_t* codes) {
  return (f32x16)_mm512_cvtph_ps(_mm256_set_epi64x(top_bits(pair_at(codes, 3, 1)), top_bits(pair_at(codes, 2, 1)),
                                                   top_bits(pair_at(codes, 1, 1)), top_bits(pair_at(codes, 0, 1))));
}

INLINE void pack_trits(const uint8_t* q, uint8_t* codes, int64_t row) {
  for (int e = 0; e < 4; e++) {
    uint8_t* to = codes + 4 * row + e;
    for (int p = 0; p < 7; p++) {
      uint32_t index[3];
      for (int v = 0; v < 3; v++) {
        const uint8_t* digits = q + 36 * p + 12 * v + e;
        index[v] = (digits[0] & 3u) + 3 * (digits[4] & 3u) + 9 * (digits[8] & 3u);
      }
      to[128 * p] |= (uint8_t)(index[0] | index[2] << 5);
      to[128 * p + 64] |= (uint8_t)(index[1] | index[2] >> 3 << 5);
    }
    to[128 * 4 + 64] |= (uint8_t)((q[252 + e] & 1) << 7);
    to[128 * 5 + 64] |= (uint8_t)((q[252 + e] & 2) << 6);
  }
}
INLINE void pack_trit_scale(const uint8_t* half, uint8_t* codes, int64_t row) {
  for (int i = 0; i < 16; i++) {
    int64_t bit = 16 * row + i;
    codes[128 * (bit / 64) + 64 + bit % 64] |= (uint8_t)((*(const u16_any*)half >> i & 1) << 7);
  }
}

// ---- formats ----
static const Shape shape_dense_tq1_0 = {TRITS, 32, 256, 0, 0, 0, 0, 0};
NOINLINE void head_dense_tq1_0(const uint8_t* b, int i, uint8_t* out, int64_t r) {
  (void)i;
  pack_trit_scale(b + 52, out, r);
}
INLINE void scales_dense_tq1_0(const uint8_t* w, int c, f32x16* s, u32x16* m) {
  (void)c, (void)m;
  s[0] = s[1] = trit_scale(w);
}
#define IQ1_SCALES(format)                                                                                           \
  INLINE void scales_##format(const uint8_t* w, int c, f32x16* s, u32x16* m) {                                       \
    (void)m;                                                                                                         \
    u32x16 z = nibbles_of(shape_##format, w, c);                                                                     \
    f32x16 d = trit_scale(w + shape_##format.head) * 0.125f;                                                         \
    UNROLL for (int j = 0; j < 64 / shape_##format.run; j++)                                                         \
      s[j] = d * odd_number(z & 0x77777777u, 4 * j);                                                                \
  }
// Above the three bits of a scale: whether the run is moved up.
static const Shape shape_dense_iq1_s = {TRITS, 32, 256, 0, DELTA_RUN, 64, 0, 0};
NOINLINE void head_dense_iq1_s(const uint8_t* b, int i, uint8_t* out, int64_t r) {
  (void)i;
  pack_trit_scale(b, out + 64, r);
  for (int j = 0; j < 8; j++) put_nibble(out, r, j, scale_iq1_s(b, j) | (b[35 + 2 * j] >> 7 ^ 1) << 3);
}
IQ1_SCALES(dense_iq1_s)
static const Shape shape_dense_iq1_m = {TRITS, 16, 256, 0, DELTA_EIGHT, 192, 0, 0};
NOINLINE void head_dense_iq1_m(const uint8_t* b, int i, uint8_t* out, int64_t r) {
  (void)i;
  uint16_t bits = half_bits_iq1_m(b);
  pack_trit_scale((const uint8_t*)&bits, out + 192, r);
  for (int j = 0; j < 16; j++) put_nibble(out, r, j, scale_iq1_m(b, j));
}
IQ1_SCALES(dense_iq1_m)
