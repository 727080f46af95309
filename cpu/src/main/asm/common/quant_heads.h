// How a superblock of 16 rows x 256 columns of the formats of quant_codes.h is packed: its shape, and its head with the scales as
// the file has them, so that packed weights are about as many bytes as the file and decoding comes down to it.
//
//   head    f16 scales of 16 rows, one for each block, then f16 minima likewise (formats of small blocks); or f16 d[16] (dmin[16]) and
//           the integer scales of the rows, four bytes or eight nibbles to the dword of a row in ascending runs; then (iq1)
//           a vector of deltas, bit g of a row for the columns 8g..8g+7
//   codes   for each 64 columns (16 quads), by bits:
//           4, 5  8 vectors of nibbles (vector i: quads i, i+8); then 2 of fifth bits (bit e of a byte of vector h: quad 8h+e)
//           2     4 vectors (quads i, i+4, i+8, i+12)
//           3     for each 8 quads 3 vectors: two codes in each byte, quads 0 1, 2 3, 4 5; above them quad 6 (low bits in the first vector,
//                 high one in the second) and quad 7 (third and second)
//           1     for each 8 quads a vector (bit e: quad e)
//           TRITS only for processors that take them apart quickly, see x86_64/quant_trits.h
#pragma once
#include "quant_codes.h"
#include "quant_formats.h"

#define TRITS 0
#define DELTA_EIGHT 1    // a vector of deltas
#define DELTA_RUN 2      // above the three bits of a scale

// `block`: columns of an activation scale. `linear`: a level is its code minus `offset`; otherwise levels come from a table of 16.
// `delta`: codes are moved up by 2 for some columns.
typedef struct { int bits, run, block, minima, delta, head, linear, offset; } Shape;

INLINE int runs_in_chunk(Shape f) { return 64 / f.run; }
INLINE int64_t chunk_bytes(Shape f) { return f.bits == TRITS ? 224 : 128 * f.bits; }
INLINE int64_t super_bytes(Shape f) { return f.head + 4 * chunk_bytes(f); }

// The integer scales of the runs of chunk c, in the low bytes or nibbles of each row.
INLINE u32x16 bytes_of(Shape f, const uint8_t* p, int c) {
  return f.run == 16 ? load_u(p + 64 * c) : load_u(p + 64 * (c >> 1)) >> (uint32_t)(16 * (c & 1));
}
INLINE u32x16 nibbles_of(Shape f, const uint8_t* p, int c) {
  return f.run == 16 ? load_u(p + 64 * (c >> 1)) >> (uint32_t)(16 * (c & 1)) : load_u(p) >> (uint32_t)(8 * c);
}
INLINE f32x16 unsigned_at(u32x16 z, int at, uint32_t mask) { return to_f((z >> (uint32_t)at) & mask); }
INLINE f32x16 signed_byte(u32x16 z, int j) { return to_f((u32x16)((i32x16)(z << (uint32_t)(24 - 8 * j)) >> 24)); }

INLINE void put_byte(uint8_t* out, int64_t r, int run, int value) { out[64 * (run >> 2) + 4 * r + (run & 3)] = (uint8_t)value; }
INLINE void put_nibble(uint8_t* out, int64_t r, int run, int value) {
  uint8_t* p = out + 64 * (run >> 3) + 4 * r + (run & 7) / 2;
  *p = (uint8_t)(run & 1 ? *p | value << 4 : value);
}
INLINE void put_half(uint8_t* out, int64_t r, const uint8_t* half) { *(u16_any*)(out + 2 * r) = *(const u16_any*)half; }

// head_<format>(block, its number in the superblock, head, row) packs the head of a block;
// scales_<format>(head, chunk, scales of its runs, minima) reads the heads of 16 rows.

// ---- f16 scales, `columns` columns each ----
#define HALVES(format, columns, at)                                                                                  \
  NOINLINE void head_##format(const uint8_t* b, int i, uint8_t* out, int64_t r) { put_half(out + 32 * i, r, b + at); } \
  INLINE void scales_##format(const uint8_t* w, int c, f32x16* s, u32x16* m) {                                       \
    (void)m;                                                                                                         \
    UNROLL for (int j = 0; j < 2; j++) s[j] = load_h(w + 32 * ((64 * c + 32 * j) / columns));                        \
  }
#define HALVES_MIN(format)                                                                                           \
  NOINLINE void head_##format(const uint8_t* b, int i, uint8_t* out, int64_t r) {                                    \
    put_half(out + 32 * i, r, b);                                                                                    \
    put_half(out + 256 + 32 * i, r, b + 2);                                                                          \
  }                                                                                                                  \
  INLINE void scales_##format(const uint8_t* w, int c, f32x16* s, u32x16* m) {                                       \
    UNROLL for (int j = 0; j < 2; j++) s[j] = load_h(w + 32 * (2 * c + j)), m[j] = (u32x16)load_h(w + 256 + 32 * (2 * c + j)); \
  }
static const Shape shape_q4_1 = {4, 32, 32, 1, 0, 512, 1, 0};
HALVES_MIN(q4_1)
static const Shape shape_q5_0 = {5, 32, 32, 0, 0, 256, 1, 16};
HALVES(q5_0, 32, 0)
static const Shape shape_q5_1 = {5, 32, 32, 1, 0, 512, 1, 0};
HALVES_MIN(q5_1)
static const Shape shape_iq4_nl = {4, 32, 32, 0, 0, 256, 0, 0};
HALVES(iq4_nl, 32, 0)
static const Shape shape_q1_0 = {1, 32, 32, 0, 0, 64, 1, 1};
HALVES(q1_0, 128, 0)
static const Shape shape_q2_0 = {2, 32, 32, 0, 0, 128, 1, 1};
HALVES(q2_0, 64, 0)
static const Shape shape_tq1_0 = {2, 32, 256, 0, 0, 32, 1, 1};
HALVES(tq1_0, 256, 52)
static const Shape shape_tq2_0 = {2, 32, 256, 0, 0, 32, 1, 1};
HALVES(tq2_0, 256, 64)

// ---- scales that are floats of a byte ----
static const Shape shape_mxfp4 = {4, 32, 32, 0, 0, 128, 0, 0};
NOINLINE void head_mxfp4(const uint8_t* b, int i, uint8_t* out, int64_t r) { put_byte(out, r, i, b[0]); }
INLINE void scales_mxfp4(const uint8_t* w, int c, f32x16* s, u32x16* m) {
  (void)m;
  u32x16 z = bytes_of(shape_mxfp4, w, c);
  UNROLL for (int j = 0; j < 2; j++) {
    u32x16 e = (z >> (uint32_t)(8 * j)) & 255, subnormal = (u32x16)(e < 2);
    s[j] = (f32x16)((((e - 1) << 23) & ~subnormal) | ((0x00200000u << (e & 1)) & subnormal));
  }
}
// Half of a positive float of 4 bits of exponent and 3 of fraction. Subnormals of f32 in between would cost hundreds of cycles.
static const Shape shape_nvfp4 = {4, 16, 32, 0, 0, 256, 0, 0};
NOINLINE void head_nvfp4(const uint8_t* b, int i, uint8_t* out, int64_t r) {
  for (int j = 0; j < 4; j++) put_byte(out, r, 4 * i + j, b[j] == 127 ? 0 : b[j] & 127);
}
INLINE void scales_nvfp4(const uint8_t* w, int c, f32x16* s, u32x16* m) {
  (void)m;
  u32x16 z = bytes_of(shape_nvfp4, w, c);
  UNROLL for (int j = 0; j < 4; j++) {
    u32x16 v = (z >> (uint32_t)(8 * j)) & 127, subnormal = (u32x16)(v < 8);
    s[j] = (f32x16)((((v << 20) + (119u << 23)) & ~subnormal) | ((u32x16)(to_f(v) * 0x1p-10f) & subnormal));
  }
}

// ---- K formats; their minima are dmin times integers, taken together for runs 0 2, 1 3, 4 6, 5 7 ... ----
INLINE f32x16 minus_dmin(const uint8_t* w) { return -load_h(w + 32); }
static const Shape shape_q2_k = {2, 16, 256, 1, 0, 320, 1, 0};
NOINLINE void head_q2_k(const uint8_t* b, int i, uint8_t* out, int64_t r) {
  (void)i;
  put_half(out, r, b + 80);
  put_half(out + 32, r, b + 82);
  for (int j = 0; j < 16; j++) put_byte(out + 64, r, j, b[j]);
}
INLINE void scales_q2_k(const uint8_t* w, int c, f32x16* s, u32x16* m) {
  u32x16 z = bytes_of(shape_q2_k, w + 64, c);
  f32x16 d = load_h(w);
  UNROLL for (int j = 0; j < 4; j++) s[j] = d * unsigned_at(z, 8 * j, 15);
  m[0] = z >> 4 & 0x000f000f, m[1] = z >> 12 & 0x000f000f;
}
static const Shape shape_q3_k = {3, 16, 256, 0, 0, 288, 1, 4};
NOINLINE void head_q3_k(const uint8_t* b, int i, uint8_t* out, int64_t r) {
  (void)i;
  put_half(out, r, b + 108);
  for (int j = 0; j < 16; j++) put_byte(out + 32, r, j, scale_q3_k(b, j));
}
INLINE void scales_q3_k(const uint8_t* w, int c, f32x16* s, u32x16* m) {
  (void)m;
  u32x16 z = bytes_of(shape_q3_k, w + 32, c);
  f32x16 d = load_h(w);
  UNROLL for (int j = 0; j < 4; j++) s[j] = d * signed_byte(z, j);
}
static const Shape shape_q5_k = {5, 32, 256, 1, 0, 320, 1, 0};
NOINLINE void head_q5_k(const uint8_t* b, int i, uint8_t* out, int64_t r) {
  (void)i;
  put_half(out, r, b);
  put_half(out + 32, r, b + 2);
  for (int j = 0; j < 8; j++) {
    put_byte(out + 64, r, j, scale_q5_k(b, j));
    put_byte(out + 192, r, j, minimum_q5_k(b, j));
  }
}
INLINE void scales_q5_k(const uint8_t* w, int c, f32x16* s, u32x16* m) {
  u32x16 z = bytes_of(shape_q5_k, w + 64, c);
  f32x16 d = load_h(w);
  UNROLL for (int j = 0; j < 2; j++) s[j] = d * unsigned_at(z, 8 * j, 255);
  m[0] = load_u(w + 192 + 64 * (c >> 1)) >> (uint32_t)(8 * (c & 1)) & 0x00ff00ff;
}
static const Shape shape_iq4_xs = {4, 32, 256, 0, 0, 160, 0, 0};
NOINLINE void head_iq4_xs(const uint8_t* b, int i, uint8_t* out, int64_t r) {
  (void)i;
  put_half(out, r, b);
  for (int j = 0; j < 8; j++) put_byte(out + 32, r, j, scale_iq4_xs(b, j));
}
INLINE void scales_iq4_xs(const uint8_t* w, int c, f32x16* s, u32x16* m) {
  (void)m;
  u32x16 z = bytes_of(shape_iq4_xs, w + 32, c);
  f32x16 d = load_h(w);
  UNROLL for (int j = 0; j < 2; j++) s[j] = d * signed_byte(z, j);
}

// 2 n + 1 of the four bits from `at`.
INLINE f32x16 odd_number(u32x16 z, int at) {
#ifdef __AVX512F__
  const f32x16 odd = {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31};
  return (f32x16)_mm512_permutexvar_ps((__m512i)(z >> (uint32_t)at), (__m512)odd);
#else
  return to_f(((at == 0 ? z << 1 : z >> (uint32_t)(at - 1)) & 30) | 1);
#endif
}

// ---- grids: the scale of a run is d * unit * (2 n + 1), n of four bits ----
#define GRID(format, unit)                                                                                           \
  INLINE void scales_##format(const uint8_t* w, int c, f32x16* s, u32x16* m) {                                       \
    (void)m;                                                                                                         \
    u32x16 z = nibbles_of(shape_##format, w + 32, c);                                                                \
    f32x16 d = load_h(w) * unit;                                                                                     \
    UNROLL for (int j = 0; j < 64 / shape_##format.run; j++)                                                         \
      s[j] = d * odd_number(z, 4 * j);                                                                               \
  }                                                                                                                  \
  NOINLINE void head_##format(const uint8_t* b, int i, uint8_t* out, int64_t r) {                                    \
    (void)i;                                                                                                         \
    half_##format(b, out, r);                                                                                        \
    for (int j = 0; j < 256 / shape_##format.run; j++) put_nibble(out + 32, r, j, scale_##format(b, j));              \
  }
#define GRID_D(format, unit)                                                                                         \
  INLINE void half_##format(const uint8_t* b, uint8_t* out, int64_t r) { put_half(out, r, b); }                      \
  GRID(format, unit)
static const Shape shape_iq1_s = {2, 32, 256, 0, DELTA_EIGHT, 160, 1, 9};
GRID_D(iq1_s, 0.125f)
static const Shape shape_iq1_m = {2, 16, 256, 0, DELTA_EIGHT, 224, 1, 9};
INLINE void half_iq1_m(const uint8_t* b, uint8_t* out, int64_t r) {
  uint16_t bits = half_bits_iq1_m(b);
  put_half(out, r, (const uint8_t*)&bits);
}
GRID(iq1_m, 0.125f)
static const Shape shape_iq2_xxs = {3, 32, 256, 0, 0, 96, 0, 0};
GRID_D(iq2_xxs, 0.125f)
static const Shape shape_iq2_xs = {3, 16, 256, 0, 0, 160, 0, 0};
GRID_D(iq2_xs, 0.125f)
static const Shape shape_iq2_s = {3, 16, 256, 0, 0, 160, 0, 0};
GRID_D(iq2_s, 0.125f)
static const Shape shape_iq3_xxs = {4, 32, 256, 0, 0, 96, 0, 0};
GRID_D(iq3_xxs, 0.25f)
static const Shape shape_iq3_s = {4, 32, 256, 0, 0, 96, 0, 0};
GRID_D(iq3_s, 1.0f)
