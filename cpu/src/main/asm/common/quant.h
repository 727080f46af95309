// Quantised kernels: layouts and vector types shared by every format and every instruction set.
//
// Unit of work: 16 weight rows x 256 columns ("superblock"). One 64-byte vector holds 16 rows (dword lanes) x 4 columns
// (bytes), so a dot product needs no horizontal sum: vpdpbusd/sdot add into the lane of the row. Written with clang's
// vector extensions: u32x16 is one zmm, two ymm or four q registers; only the dot products (quant_dot.h) and the tiles
// (quant_tile_*.S) differ by instruction set.
//
// Packed weights (R16), same bytes as GGUF except where noted, row group after row group, superblocks ascending:
//   q4_0   576 B per 64 columns: f16 d[2][16]; 8 vectors, low nibble = first block, high nibble = second block
//   q8_0  1088 B per 64 columns: f16 d[2][16]; 16 vectors of q xor 0x80, the two blocks alternating
//   q4_k  2304 B: f16 d[16], dmin[16]; 3 vectors of 6-bit fields (scales 0-3, scales 4-7, mins 0-3; the top two bits of
//         the bytes hold bits 0-1, 2-3, 4-5 of mins 4-7); 32 vectors, vector 8p+i: low = sub-block 2p, high = 2p+1
//   q6_k  3392 B (GGUF 3360): f16 d[16], 32 B zero; 4 vectors of scales (vector u: sub-blocks u, u+4, u+8, u+12);
//         16 x (high bits, low nibbles 0, low nibbles 1) of the column groups g, g+16, g+32, g+48
// The bytes are in the order of use: interleaved runs inside a block cost up to 2.5x in bandwidth (measured).
// Rows beyond the last one repeat it (their lanes are never stored); a missing second 32-block is zero.
//
// Activations, superblock-major so that a tile reads all tokens of one superblock in one run, index i = b * m + token,
// sections 64-byte aligned one after the other, columns beyond k zero:
//   per 32  (q4_0, q8_0): i8 q[i][256]; f32 d[i][8]; i32 c[i][8] = -128 * sum of 32
//   per 256 (K formats):  i8 q[i][256]; f32 d[i]; i16 s[i][8] = sums of 32 in the order 0 2 1 3 4 6 5 7;
//                         i32 c[i][16] = -32 * sum of 16, entry 4u+v = sub-block u+4v
// c is the start value of the integer sum: it removes the offset of unsigned weights for nothing.
//
// One formula for every path (fused, tile, any m, any instruction set), so the result of a row has the same bits alone
// and in a batch, on every instruction set and for any split over threads. v = exact integer dot of a sub-block:
//   per 32:  part = fma(s_j, float(v_j) * d_j, part), j ascending from part = 0;          y += part
//   q4_k:    part = float(sum_j m_j * S_j) * -dmin; part = fma(d * sc_j, float(v_j), part); y = fma(part, d_a, y)
//   q6_k:    part = fma(d * sc_j, float(v_j), part), j = 0 4 8 12 1 5 9 13 ... from 0;     y = fma(part, d_a, y)
#pragma once
#include "entry.h"

#pragma clang diagnostic ignored "-Wpsabi"   // 64-byte vectors in registers: every function that takes one is inlined

typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef float f32x16 __attribute__((vector_size(64)));
typedef _Float16 f16x16 __attribute__((vector_size(32)));
typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef u32x4 u32x4_any __attribute__((aligned(1), may_alias));
typedef u32x16 u32x16_any __attribute__((aligned(1), may_alias));
typedef f32x16 f32x16_any __attribute__((aligned(1), may_alias));
typedef f16x16 f16x16_any __attribute__((aligned(1), may_alias));
typedef i8x16 i8x16_any __attribute__((aligned(1), may_alias));
typedef uint16_t u16_any __attribute__((aligned(1), may_alias));
typedef uint32_t u32_any __attribute__((aligned(1), may_alias));
typedef int32_t i32_any __attribute__((aligned(1), may_alias));
typedef float f32_any __attribute__((aligned(1), may_alias));

#define UNROLL _Pragma("clang loop unroll(full)")
#define ROWS 16          // rows of a group
#define SUPER 256        // columns of a superblock
#define TOKENS 512       // tokens per pass: accumulators (128 KB) and one superblock of activations (128 KB) stay in L2
#define GROUPS 4         // row groups unpacked together: activations are read once per 64 rows

// One unpacked superblock of 16 rows, what the tiles eat. Per 32 (mode d32) and q4_k (w32): 8 runs of 8 quads and scales
// s[0..8]; q6_k (c16): 16 runs of 4 quads in the order 0 4 8 12 1 5 ... m: i16 pairs of mins, and -dmin; or f32 minima of 8 runs.
typedef struct {
  u32x16 w[64];
  f32x16 s[16];
  u32x16 m[8];
  f32x16 dmin;
} Unit;

// What a tile works on. Offsets are known to quant_tile_*.S and quant_pair_*.S.
typedef struct {
  const Unit* unit;      //  0
  const int8_t* q;       //  8 activations, 256 bytes per token
  const void* side;      // 16 c (d32: 32 B per token, c16: 64 B) or s (w32: 16 B)
  const float* d;        // 24 activation scales: d32 8 per token, otherwise 1
  float* sum;            // 32 out: [token][GROUPS][16], added to
  const void* ahead;     // 40 what to prefetch, some lines per run
  int64_t tokens;        // 48 1..16, pairs: any
  int64_t runs;          // 56 d32: runs of 32 columns in this superblock (an even number); otherwise full
  const void* ahead_2;   // 64 pairs: what else to prefetch
  const void* minima;    // 72 pairs: what the minima are multiplied by, as many bytes a token as c; 0: there are none
} Tile;

// Arguments of the matmul entries, filled by the caller: y[t][r] = sum_k x[t][k] * w[r][k].
typedef struct {
  const uint8_t* w;      // packed weights, or GGUF rows
  int64_t row_bytes;     // 0: packed; otherwise the distance of GGUF rows
  const void* x;         // activations: packed as above, or (ordered) f32 rows
  int64_t x_stride;      // ordered: distance of x rows in floats
  float* y;
  int64_t y_stride;      // distance of y rows in floats
  int64_t m, n, k;       // tokens, weight rows, columns
  int64_t ahead;         // bytes between the weights in use and those prefetched, for few tokens; only speed depends on it.
                         // Zen 5: 8192 (51 % -> 95 % of the read bandwidth; 512 does nothing); Zen 4: 512 at most (4 KB: half)
} QuantMatmul;

INLINE u32x16 load_u(const void* p) { return *(const u32x16_any*)p; }
INLINE void store_u(void* p, u32x16 v) { *(u32x16_any*)p = v; }
INLINE f32x16 load_f(const void* p) { return *(const f32x16_any*)p; }
INLINE void store_f(void* p, f32x16 v) { *(f32x16_any*)p = v; }
INLINE f32x16 load_h(const void* p) { return __builtin_convertvector(*(const f16x16_any*)p, f32x16); }
INLINE f32x16 to_f(u32x16 v) { return __builtin_convertvector((i32x16)v, f32x16); }
INLINE i32x16 splat_i(const void* p) { return (i32x16){} + *(const i32_any*)p; }
INLINE f32x16 splat(float v) {   // 0 + v would be a sum: 0 + -0 is 0
  int32_t bits;
  __builtin_memcpy(&bits, &v, 4);
  return (f32x16)((i32x16){} + bits);
}
INLINE f32x16 fma16(f32x16 a, f32x16 b, f32x16 c) { return __builtin_elementwise_fma(a, b, c); }
INLINE int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t round_up(int64_t v, int64_t to) { return (v + to - 1) / to * to; }
INLINE int64_t in_pairs(int64_t j) { return (j & ~3) | (j & 1) << 1 | (j >> 1 & 1); }   // where run j is in the order 0 2 1 3 4 6 5 7 ...
INLINE int64_t supers(int64_t k) { return (k + SUPER - 1) / SUPER; }

// A half as float, one at a time.
INLINE float half_at(const void* p) {
  uint16_t bits = *(const u16_any*)p;
  _Float16 h;
  __builtin_memcpy(&h, &bits, 2);
  return (float)h;
}

// The sections of packed activations.
typedef struct { int8_t* q; float* d; int32_t* c; int16_t* s; } Act;

INLINE Act act_32(const void* base, int64_t m, int64_t k) {
  int64_t n = supers(k) * m;
  char* p = (char*)base;
  return (Act){(int8_t*)p, (float*)(p + n * 256), (int32_t*)(p + n * 256 + round_up(n * 32, 64)), 0};
}
INLINE Act act_256(const void* base, int64_t m, int64_t k) {
  int64_t n = supers(k) * m, d = n * 256, s = d + round_up(n * 4, 64), c = s + round_up(n * 16, 64);
  char* p = (char*)base;
  return (Act){(int8_t*)p, (float*)(p + d), (int32_t*)(p + c), (int16_t*)(p + s)};
}

// Those of act_runs (quant_levels.h): `runs` scales, corrections and sums for each superblock of a token.
typedef struct { int8_t* q; float* d; int32_t* c; float* e; } ActRuns;

INLINE ActRuns act_runs(const void* base, int64_t m, int64_t k, int runs) {
  int64_t n = supers(k) * m, section = round_up(n * runs * 4, 64);
  char* p = (char*)base + n * 256;
  return (ActRuns){(int8_t*)base, (float*)p, (int32_t*)(p + section), (float*)(p + 2 * section)};
}
