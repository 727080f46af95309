// The formats that share the kernels of quant_levels.c: a block becomes codes of 1 to 5 bits, a table of levels that the codes
// stand for, and an f32 scale (some: and an f32 minimum) for each run of 16 or 32 columns: value = s * level[code] (+ m), in the
// order of operations of the format description, so decoding is exact to the bit.
#pragma once
#include "quant.h"
#include "quant_grids.h"

typedef void Codes(const uint8_t* b, uint8_t* q, float* s, float* m);

static const int8_t LEVELS_UNSIGNED[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                           16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
static const int8_t LEVELS_FIVE[32] = {-16, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1,
                                       0,   1,   2,   3,   4,   5,   6,   7,  8,  9,  10, 11, 12, 13, 14, 15};
static const int8_t LEVELS_THREE[16] = {-4, -3, -2, -1, 0, 1, 2, 3};
static const int8_t LEVELS_TERNARY[16] = {-1, 0, 1, 2};
static const int8_t LEVELS_SIGN[16] = {-1, 1};
static const int8_t LEVELS_NL[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
static const int8_t LEVELS_FP4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};   // twice the float
static const int8_t LEVELS_IQ1[16] = {-9, -1, 7, 0, -7, 1, 9};                                    // eight times -1, 0, 1 -+ 1/8
static const int8_t LEVELS_IQ2[16] = {8, 25, 43, 0, -8, -25, -43, 0};
static const int8_t LEVELS_IQ3_XXS[16] = {4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62};
static const int8_t LEVELS_IQ3_S[16] = {1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15};

INLINE uint32_t u16_at(const void* p) { return *(const u16_any*)p; }
INLINE uint32_t u32_at(const void* p) { return *(const u32_any*)p; }

INLINE void nibbles(const uint8_t* b, uint8_t* q, int half) {
  for (int e = 0; e < half; e++) q[e] = b[e] & 15, q[e + half] = b[e] >> 4;
}
INLINE void fifth_bits(uint32_t bits, uint8_t* q) {
  for (int e = 0; e < 32; e++) q[e] |= (uint8_t)((bits >> e & 1) << 4);
}
// 2-bit codes, 32 bytes for each 128 elements.
INLINE void pairs(const uint8_t* b, uint8_t* q) {
  for (int half = 0; half < 2; half++)
    for (int part = 0; part < 4; part++)
      for (int e = 0; e < 32; e++) q[128 * half + 32 * part + e] = b[32 * half + e] >> (2 * part) & 3;
}
// Eight signs from seven: the highest makes their number even.
INLINE uint32_t even_signs(uint32_t seven) { return seven | (uint32_t)__builtin_parity(seven) << 7; }
// A grid row of 8 or 4 level indices, with signs.
INLINE void grid_8(uint8_t* q, uint32_t row, uint32_t signs) {
  for (int e = 0; e < 8; e++) q[e] = (uint8_t)((row >> (2 * e) & 3) | (signs >> e & 1) << 2);
}
INLINE void grid_4(uint8_t* q, uint32_t row, uint32_t signs) {
  for (int e = 0; e < 4; e++) q[e] = (uint8_t)((row >> (3 * e) & 7) | (signs >> e & 1) << 3);
}
// IQ1: a row of -1, 0, 1, all moved by 1/8 up, or down if `down`.
INLINE void grid_1(uint8_t* q, uint32_t row, uint32_t down) {
  for (int e = 0; e < 8; e++) q[e] = (uint8_t)((row >> (2 * e) & 3) | (down ^ 1) << 2);
}

// ---- blocks of 32, 64 and 128 ----
NOINLINE void codes_q4_1(const uint8_t* b, uint8_t* q, float* s, float* m) {
  s[0] = half_at(b), m[0] = half_at(b + 2);
  nibbles(b + 4, q, 16);
}
NOINLINE void codes_q5_0(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  s[0] = half_at(b);
  nibbles(b + 6, q, 16);
  fifth_bits(u32_at(b + 2), q);
}
NOINLINE void codes_q5_1(const uint8_t* b, uint8_t* q, float* s, float* m) {
  s[0] = half_at(b), m[0] = half_at(b + 2);
  nibbles(b + 8, q, 16);
  fifth_bits(u32_at(b + 4), q);
}
NOINLINE void codes_iq4_nl(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  s[0] = half_at(b);
  nibbles(b + 2, q, 16);
}
// 2^(e - 128); the two lowest are subnormal.
NOINLINE void codes_mxfp4(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  uint32_t bits = b[0] < 2 ? 0x00200000u << b[0] : (b[0] - 1u) << 23;
  __builtin_memcpy(s, &bits, 4);
  nibbles(b + 1, q, 16);
}
// Half of a float with 4 bits of exponent and 3 of fraction.
INLINE float nvfp4_scale(uint8_t s) {
  int exponent = s >> 3 & 15, fraction = s & 7;
  if (s == 127) return 0.0f;
  if (exponent == 0) return (float)fraction * 0x1p-10f;
  uint32_t bits = (uint32_t)(exponent - 8 + 127) << 23 | (uint32_t)fraction << 20;
  float v;
  __builtin_memcpy(&v, &bits, 4);
  return v;
}
NOINLINE void codes_nvfp4(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  for (int i = 0; i < 4; i++) {
    s[i] = nvfp4_scale(b[i]);
    nibbles(b + 4 + 8 * i, q + 16 * i, 8);
  }
}
NOINLINE void codes_q1_0(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  for (int i = 0; i < 4; i++) s[i] = half_at(b);
  for (int e = 0; e < 128; e++) q[e] = b[2 + e / 8] >> (e % 8) & 1;
}
NOINLINE void codes_q2_0(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  s[0] = s[1] = half_at(b);
  for (int e = 0; e < 64; e++) q[e] = b[2 + e / 4] >> (2 * (e % 4)) & 3;
}

// ---- K formats and ternaries ----
NOINLINE void codes_q2_k(const uint8_t* b, uint8_t* q, float* s, float* m) {
  float d = half_at(b + 80), dmin = half_at(b + 82);
  for (int i = 0; i < 16; i++) s[i] = d * (float)(b[i] & 15), m[i] = -(dmin * (float)(b[i] >> 4));
  pairs(b + 16, q);
}
INLINE int scale_q3_k(const uint8_t* b, int i) {
  return ((b[96 + i % 8] >> (i / 8 * 4) & 15) | (b[104 + i % 4] >> (i / 4 * 2) & 3) << 4) - 32;
}
NOINLINE void codes_q3_k(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  float d = half_at(b + 108);
  for (int i = 0; i < 16; i++) s[i] = d * (float)scale_q3_k(b, i);
  pairs(b + 32, q);
  for (int part = 0; part < 8; part++)
    for (int e = 0; e < 32; e++) q[32 * part + e] |= (uint8_t)((b[e] >> part & 1) << 2);
}
INLINE int scale_q5_k(const uint8_t* b, int j) {
  const uint8_t* packed = b + 4;
  return j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4;
}
INLINE int minimum_q5_k(const uint8_t* b, int j) {
  const uint8_t* packed = b + 4;
  return j < 4 ? packed[j + 4] & 63 : packed[j + 4] >> 4 | (packed[j] >> 6) << 4;
}
NOINLINE void codes_q5_k(const uint8_t* b, uint8_t* q, float* s, float* m) {
  float d = half_at(b), dmin = half_at(b + 2);
  for (int j = 0; j < 8; j++) s[j] = d * (float)scale_q5_k(b, j), m[j] = -(dmin * (float)minimum_q5_k(b, j));
  for (int run = 0; run < 4; run++) nibbles(b + 48 + 32 * run, q + 64 * run, 32);
  for (int part = 0; part < 8; part++)
    for (int e = 0; e < 32; e++) q[32 * part + e] |= (uint8_t)((b[16 + e] >> part & 1) << 4);
}
NOINLINE void codes_tq1_0(const uint8_t* b, uint8_t* q, float* s, float* m) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  (void)m;
  for (int i = 0; i < 8; i++) s[i] = half_at(b + 52);
  for (int digit = 0; digit < 5; digit++) {
    for (int e = 0; e < 32; e++) q[32 * digit + e] = (uint8_t)((uint8_t)(b[e] * powers[digit]) * 3 >> 8);
    for (int e = 0; e < 16; e++) q[160 + 16 * digit + e] = (uint8_t)((uint8_t)(b[32 + e] * powers[digit]) * 3 >> 8);
    if (digit == 4) break;
    for (int e = 0; e < 4; e++) q[240 + 4 * digit + e] = (uint8_t)((uint8_t)(b[48 + e] * powers[digit]) * 3 >> 8);
  }
}
NOINLINE void codes_tq2_0(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  for (int i = 0; i < 8; i++) s[i] = half_at(b + 64);
  pairs(b, q);
}
INLINE int scale_iq4_xs(const uint8_t* b, int i) {
  return ((b[4 + i / 2] >> (i % 2 * 4) & 15) | (int)(u16_at(b + 2) >> (2 * i) & 3) << 4) - 32;
}
NOINLINE void codes_iq4_xs(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  float d = half_at(b);
  for (int i = 0; i < 8; i++) {
    s[i] = d * (float)scale_iq4_xs(b, i);
    nibbles(b + 8 + 16 * i, q + 32 * i, 16);
  }
}

// ---- grids ----
INLINE int scale_iq1_s(const uint8_t* b, int j) { return u16_at(b + 34 + 2 * j) >> 12 & 7; }
NOINLINE void codes_iq1_s(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  float d = half_at(b);
  for (int i = 0; i < 32; i++) {
    uint32_t high = u16_at(b + 34 + i / 4 * 2);
    s[i / 4] = d * (float)(2 * scale_iq1_s(b, i / 4) + 1) * 0.125f;
    grid_1(q + 8 * i, GRID_IQ1[b[2 + i] | (high >> (i % 4 * 3) & 7) << 8], high >> 15);
  }
}
INLINE uint16_t half_bits_iq1_m(const uint8_t* b) {
  uint16_t bits = 0;
  for (int i = 0; i < 4; i++) bits |= (uint16_t)(u16_at(b + 48 + 2 * i) >> 12 << (4 * i));
  return bits;
}
INLINE int scale_iq1_m(const uint8_t* b, int j) { return u16_at(b + 48 + j / 4 * 2) >> (j % 4 * 3) & 7; }
NOINLINE void codes_iq1_m(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  uint16_t bits = half_bits_iq1_m(b);
  float d = half_at(&bits);
  for (int i = 0; i < 32; i++) {
    uint32_t high = b[32 + i / 2] >> (i % 2 * 4) & 15;
    s[i / 2] = d * (float)(2 * scale_iq1_m(b, i / 2) + 1) * 0.125f;
    grid_1(q + 8 * i, GRID_IQ1[b[i] | (high & 7) << 8], high >> 3);
  }
}
INLINE int scale_iq2_xxs(const uint8_t* b, int j) { return (int)(u32_at(b + 6 + 8 * j) >> 28); }
NOINLINE void codes_iq2_xxs(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  float d = half_at(b);
  for (int part = 0; part < 8; part++) {
    const uint8_t* rows = b + 2 + 8 * part;
    uint32_t bits = u32_at(rows + 4);
    s[part] = d * (0.5f + (float)scale_iq2_xxs(b, part)) * 0.25f;
    for (int i = 0; i < 4; i++) grid_8(q + 32 * part + 8 * i, GRID_IQ2_XXS[rows[i]], even_signs(bits >> (7 * i) & 127));
  }
}
INLINE int scale_iq2_xs(const uint8_t* b, int j) { return b[66 + j / 2] >> (j % 2 * 4) & 15; }
NOINLINE void codes_iq2_xs(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  float d = half_at(b);
  for (int i = 0; i < 32; i++) {
    uint32_t code = u16_at(b + 2 + 2 * i);
    s[i / 2] = d * (0.5f + (float)scale_iq2_xs(b, i / 2)) * 0.25f;
    grid_8(q + 8 * i, GRID_IQ2_XS[code & 511], even_signs(code >> 9));
  }
}
INLINE int scale_iq2_s(const uint8_t* b, int j) { return b[74 + j / 2] >> (j % 2 * 4) & 15; }
NOINLINE void codes_iq2_s(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  float d = half_at(b);
  for (int i = 0; i < 32; i++) {
    s[i / 2] = d * (0.5f + (float)scale_iq2_s(b, i / 2)) * 0.25f;
    grid_8(q + 8 * i, GRID_IQ2_S[b[2 + i] | (b[66 + i / 4] >> (i % 4 * 2) & 3) << 8], b[34 + i]);
  }
}
INLINE int scale_iq3_xxs(const uint8_t* b, int j) { return (int)(u32_at(b + 66 + 4 * j) >> 28); }
NOINLINE void codes_iq3_xxs(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  float d = half_at(b);
  for (int i = 0; i < 32; i++) {
    uint32_t bits = u32_at(b + 66 + i / 4 * 4), signs = even_signs(bits >> (i % 4 * 7) & 127);
    s[i / 4] = d * (0.5f + (float)scale_iq3_xxs(b, i / 4)) * 0.5f;
    grid_4(q + 8 * i, GRID_IQ3_XXS[b[2 + 2 * i]], signs);
    grid_4(q + 8 * i + 4, GRID_IQ3_XXS[b[3 + 2 * i]], signs >> 4);
  }
}
INLINE int scale_iq3_s(const uint8_t* b, int j) { return b[106 + j / 2] >> (j % 2 * 4) & 15; }
NOINLINE void codes_iq3_s(const uint8_t* b, uint8_t* q, float* s, float* m) {
  (void)m;
  float d = half_at(b);
  for (int i = 0; i < 64; i++) {
    s[i / 8] = d * (float)(1 + 2 * scale_iq3_s(b, i / 8));
    grid_4(q + 4 * i, GRID_IQ3_S[b[2 + i] | (b[66 + i / 8] >> (i % 8) & 1) << 8], (uint32_t)b[74 + i / 2] >> (i % 2 * 4));
  }
}
