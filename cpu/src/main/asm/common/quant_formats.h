// The formats: packing from GGUF blocks, and access to packed superblocks. A further format needs: BLOCK/CHUNK constants,
// PAIRED_RUNS (runs that one token takes together), pack (transposed dwords -> vectors), quad (run j, quad i -> 16 rows x 4 weights) and scale; its matmul, dequantised tile
// and entries follow from the mode it names (see quant_matmul.h).
#pragma once
#include "quant.h"
#ifdef __x86_64__
#include "../x86_64/quant_dot.h"
#else
#include "../aarch64/quant_dot.h"
#endif

#define NIBBLES 0x0f0f0f0fu

// 16 rows x 16 bytes -> 4 vectors, lane = row.
INLINE void transpose4(const uint8_t* const rows[ROWS], int64_t at, u32x16 out[4]) {
  u32x16 t[4];
  UNROLL for (int q = 0; q < 4; q++) {
    u32x4 a = *(const u32x4_any*)(rows[q] + at), b = *(const u32x4_any*)(rows[q + 4] + at);
    u32x4 c = *(const u32x4_any*)(rows[q + 8] + at), d = *(const u32x4_any*)(rows[q + 12] + at);
    __auto_type ab = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
    __auto_type cd = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
    t[q] = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  }
#define LOW2(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH2(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW4(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH4(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
  u32x16 a = LOW2(t[0], t[1]), b = HIGH2(t[0], t[1]), c = LOW2(t[2], t[3]), d = HIGH2(t[2], t[3]);
  out[0] = LOW4(a, c);
  out[1] = HIGH4(a, c);
  out[2] = LOW4(b, d);
  out[3] = HIGH4(b, d);
}
INLINE void halves(const uint8_t* const rows[ROWS], int64_t at, void* out) {
  UNROLL for (int r = 0; r < ROWS; r++) ((u16_any*)out)[r] = *(const u16_any*)(rows[r] + at);
}
INLINE void zero_u(void* p, int64_t vectors) {
  for (int64_t i = 0; i < vectors; i++) store_u((char*)p + 64 * i, (u32x16){});
}

// ---- q4_0: d(q - 8) = d/16 * (16 q - 128), so its quads look like those of q8_0 ----
#define PAIRED_RUNS_q4_0 2
#define MODE_q4_0 d32
#define BLOCK_q4_0 18
#define COLS_q4_0 64
#define CHUNK_q4_0 576
INLINE void pack_q4_0(const uint8_t* const rows[ROWS], int64_t blocks, uint8_t* out) {
  u32x16 a[4], b[4] = {};
  zero_u(out, 1);
  halves(rows, 0, out);
  transpose4(rows, 2, a);
  if (blocks > 1) {
    halves(rows, 18, out + 32);
    transpose4(rows, 20, b);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    store_u(out + 64 + 64 * i, (a[i] & NIBBLES) | ((b[i] & NIBBLES) << 4));
    store_u(out + 320 + 64 * i, ((a[i] >> 4) & NIBBLES) | (b[i] & ~NIBBLES));
  }
}
INLINE u32x16 quad_q4_0(const uint8_t* w, int j, int i) {
  u32x16 z = load_u(w + (j >> 1) * 576 + 64 + 64 * i);
  z = ((j & 1 ? z : z << 4) & ~NIBBLES);
  return SIGNED_QUADS ? z ^ 0x80808080u : z;
}
INLINE f32x16 scale_q4_0(const uint8_t* w, int j) { return load_h(w + (j >> 1) * 576 + 32 * (j & 1)) * 0.0625f; }

// ---- q8_0 ----
#define PAIRED_RUNS_q8_0 1
#define MODE_q8_0 d32
#define BLOCK_q8_0 34
#define COLS_q8_0 64
#define CHUNK_q8_0 1088
INLINE void pack_q8_0(const uint8_t* const rows[ROWS], int64_t blocks, uint8_t* out) {
  zero_u(out, 1);
  UNROLL for (int h = 0; h < 2; h++) {
    u32x16 a[8] = {};
    if (h < blocks) {
      halves(rows, 34 * h, out + 32 * h);
      transpose4(rows, 34 * h + 2, a);
      transpose4(rows, 34 * h + 18, a + 4);
    }
    UNROLL for (int i = 0; i < 8; i++) store_u(out + 64 + 128 * i + 64 * h, a[i] ^ 0x80808080u);
  }
}
INLINE u32x16 quad_q8_0(const uint8_t* w, int j, int i) {
  u32x16 z = load_u(w + (j >> 1) * 1088 + 64 + 128 * i + 64 * (j & 1));
  return SIGNED_QUADS ? z ^ 0x80808080u : z;
}
INLINE f32x16 scale_q8_0(const uint8_t* w, int j) { return load_h(w + (j >> 1) * 1088 + 32 * (j & 1)); }

// ---- q4_k ----
#define PAIRED_RUNS_q4_k 2
#define MODE_q4_k w32
#define BLOCK_q4_k 144
#define COLS_q4_k 256
#define CHUNK_q4_k 2304
INLINE void pack_q4_k(const uint8_t* const rows[ROWS], int64_t blocks, uint8_t* out) {
  (void)blocks;
  u32x16 h[4], q[4];
  halves(rows, 0, out);
  halves(rows, 2, out + 32);
  transpose4(rows, 0, h);
  u32x16 low = 0x3f3f3f3fu + (u32x16){}, top = 0x30303030u + (u32x16){};
  u32x16 s1 = (h[3] & NIBBLES) | ((h[1] >> 2) & top), m1 = ((h[3] >> 4) & NIBBLES) | ((h[2] >> 2) & top);
  store_u(out + 64, (h[1] & low) | ((m1 & 0x03030303u) << 6));
  store_u(out + 128, s1 | ((m1 & 0x0c0c0c0cu) << 4));
  store_u(out + 192, (h[2] & low) | ((m1 & 0x30303030u) << 2));
  UNROLL for (int p = 0; p < 8; p++) {
    transpose4(rows, 16 + 16 * p, q);
    UNROLL for (int i = 0; i < 4; i++) store_u(out + 256 + 256 * p + 64 * i, q[i]);
  }
}
INLINE u32x16 quad_q4_k(const uint8_t* w, int j, int i) {
  u32x16 z = load_u(w + 256 + (j >> 1) * 512 + 64 * i);
  return (j & 1 ? z >> 4 : z) & NIBBLES;
}
INLINE f32x16 scale_q4_k(const uint8_t* w, int j) {
  u32x16 z = load_u(w + 64 + 64 * (j >> 2));
  return load_h(w) * to_f((z >> (8 * (j & 3))) & 63);
}
// Mins as pairs of 16 bits: (0,2) (1,3) (4,6) (5,7).
INLINE void mins_q4_k(const uint8_t* w, u32x16 m[4]) {
  u32x16 z0 = load_u(w + 64), z1 = load_u(w + 128), z2 = load_u(w + 192);
  u32x16 high = ((z0 >> 6) & 0x03030303u) | ((z1 >> 4) & 0x0c0c0c0cu) | ((z2 >> 2) & 0x30303030u);
  m[0] = z2 & 0x003f003fu;
  m[1] = (z2 >> 8) & 0x003f003fu;
  m[2] = high & 0x003f003fu;
  m[3] = (high >> 8) & 0x003f003fu;
}
INLINE f32x16 dmin_q4_k(const uint8_t* w) { return -load_h(w + 32); }

// ---- q6_k: run 4u+v is the sub-block u+4v ----
#define PAIRED_RUNS_q6_k 1
#define MODE_q6_k c16
#define BLOCK_q6_k 210
#define COLS_q6_k 256
#define CHUNK_q6_k 3392
INLINE void pack_q6_k(const uint8_t* const rows[ROWS], int64_t blocks, uint8_t* out) {
  (void)blocks;
  u32x16 s[4], high[16], a[4], b[4];
  zero_u(out, 1);
  halves(rows, 208, out);
  transpose4(rows, 192, s);
  // vector u collects byte u of the four dwords: the sub-blocks u, u+4, u+8, u+12
  UNROLL for (int u = 0; u < 4; u++) {
    u32x16 z = (s[0] >> (8 * u)) & 0xff;
    UNROLL for (int v = 1; v < 4; v++) z |= ((s[v] >> (8 * u)) & 0xff) << (8 * v);
    store_u(out + 64 + 64 * u, z);
  }
  UNROLL for (int p = 0; p < 4; p++) transpose4(rows, 128 + 16 * p, high + 4 * p);
  UNROLL for (int p = 0; p < 4; p++) {
    transpose4(rows, 16 * p, a);
    transpose4(rows, 64 + 16 * p, b);
    UNROLL for (int i = 0; i < 4; i++) {
      int g = 4 * p + i, shift = g < 8 ? 0 : 2;
      uint8_t* z = out + 320 + 192 * g;
      u32x16 h0 = high[g & 7] >> shift, h1 = high[8 + (g & 7)] >> shift;
      store_u(z, (h0 & 0x03030303u) | ((h0 >> 2) & 0x0c0c0c0cu) | ((h1 & 0x03030303u) << 4) | ((h1 & 0x30303030u) << 2));
      store_u(z + 64, (a[i] & NIBBLES) | ((b[i] & NIBBLES) << 4));
      store_u(z + 128, ((a[i] >> 4) & NIBBLES) | (b[i] & ~NIBBLES));
    }
  }
}
INLINE u32x16 quad_q6_k(const uint8_t* w, int j, int i) {
  int v = j & 3;
  const uint8_t* z = w + 320 + 192 * ((j & ~3) + i);
  u32x16 high = load_u(z), low = load_u(z + 64 + 64 * (v & 1));
  high = v == 0 ? high << 4 : v == 1 ? high << 2 : v == 2 ? high : high >> 2;
  return ((v < 2 ? low : low >> 4) & NIBBLES) | (high & 0x30303030u);
}
INLINE f32x16 scale_q6_k(const uint8_t* w, int j) {
  i32x16 z = (i32x16)load_u(w + 64 + 64 * (j >> 2));
  return load_h(w) * __builtin_convertvector((z << (24 - 8 * (j & 3))) >> 24, f32x16);
}
