// Kernels of the formats of quant_codes.h, in the packed form of quant_heads.h: loops over weights in registers are made for each
// format by its shape and its scales, those around them are shared.
//
// Activations (act_runs), superblock-major like those of quant.h: i8 q[i][256]; f32 d[i][R], i32 c[i][R] = -128 * sum of the
// run, for R = 256 / run; and for minima with blocks of 32 f32 e[i][R] = d * sum of the run, with blocks of 256, where all d of an i are
// the same, i16 e[i][2R] = sums of the runs in the order 0 2 1 3 4 6 5 7 ..., then nothing.
//
// Formula of a superblock, the same for every path, over ascending runs, v_j = exact integer dot of levels and activations:
//   block 32:   part = fma(s_j, float(v_j) * d_j, part) from 0, y += part
//     of two runs:  part = fma(fma(s_j+1, float(v_j+1), s_j * float(v_j)), d_j, part) from 0
//   block 256:  part = fma(s_j, float(v_j), part) from 0, y = fma(part, d, y)
//   minima of block 32:   low = fma(m_j, e_j, low) from 0, then y += low
//   minima of block 256:  low = float(sum_j m_j * e_j) * -dmin, then y = fma(low, d, y), m_j integers
#pragma once
#ifdef QUANT_TRITS
#include "../x86_64/quant_trits.h"
#else
#include "quant_heads.h"
INLINE u32x16 trit_quad(const uint8_t* codes, int i, int delta) { (void)codes, (void)i, (void)delta; return (u32x16){}; }
INLINE u32x16 trit_levels(u32x16 z, u32x16 deltas, int bit, int delta) { (void)deltas, (void)bit, (void)delta; return z; }
INLINE i32x16 trit_start(const int32_t* c, const int16_t* eights, u32x16 deltas, int j, int delta) {
  (void)eights, (void)deltas, (void)j, (void)delta;
  return splat_i(c);
}
INLINE void sums_of_eight(const int8_t* q, int16_t* to) { (void)q, (void)to; }
INLINE void pack_trits(const uint8_t* q, uint8_t* codes, int64_t row) { (void)q, (void)codes, (void)row; }
#endif
#include "quant_ordered_sums.h"

typedef uint8_t u8x64 __attribute__((vector_size(64)));

typedef void Head(const uint8_t* block, int i, uint8_t* head, int64_t row);
typedef void Unpack(const uint8_t* super, const int8_t* levels, Unit* u);

// A format: how a block is read and packed, the levels of its codes (16, or 32 if codes have five bits), its size.
typedef struct {
  Codes* codes;
  Head* head;
  Unpack* unpack;
  const int8_t* levels;
  int64_t elements, bytes;
  Shape shape;
} Kind;

// ---- packed codes ----

// 2 in the bytes of the rows with the bit.
INLINE u32x16 delta_bits(u32x16 z, int bit) { return (u32x16)((i32x16)(z << (uint32_t)(31 - bit)) >> 31) & 0x02020202u; }

// The codes of quad i of chunk c; those of one bit a bit higher up, and those with deltas as 8 code + 2 delta, so that they are levels plus
// `offset` at once.
INLINE u32x16 code_quad(Shape f, const uint8_t* codes, u32x16 deltas, int c, int i) {
  if (f.bits == TRITS) return trit_quad(codes, 16 * c + i, f.delta);
  int e = i & 7;
  const uint8_t* chunk = codes + c * chunk_bytes(f);
  const uint8_t* eight = chunk + 64 * f.bits * (i >> 3);   // eight quads of an odd number of bits
  if (f.bits == 1) {
    u32x16 z = load_u(eight);
    return (e > 1 ? z >> (uint32_t)(e - 1) : z << (uint32_t)(1 - e)) & 0x02020202u;
  }
  if (f.bits == 3) {
    if (e < 6) return (load_u(eight + 64 * (e >> 1)) >> (uint32_t)(3 * (e & 1))) & 0x07070707u;
    u32x16 high = load_u(eight + 64) >> (uint32_t)(e - 2);
    return ((load_u(eight + 128 * (e & 1)) >> 6) & 0x03030303u) | (high & 0x04040404u);
  }
  if (f.delta) {
    int at = 2 * (i >> 2);
    u32x16 z = load_u(chunk + 64 * (i & 3));
    z = (at > 3 ? z >> (uint32_t)(at - 3) : z << (uint32_t)(3 - at)) & 0x18181818u;
    return z | delta_bits(deltas, i / 2);
  }
  if (f.bits == 2) return (load_u(chunk + 64 * (i & 3)) >> (uint32_t)(2 * (i >> 2))) & 0x03030303u;
  u32x16 z = load_u(chunk + 64 * e);
  z = (i < 8 ? z : z >> 4) & NIBBLES;
  if (f.bits == 5) {
    u32x16 high = load_u(chunk + 512 + 64 * (i >> 3));
    z |= (e > 4 ? high >> (uint32_t)(e - 4) : high << (uint32_t)(4 - e)) & 0x10101010u;
  }
  return z;
}
// Those of chunk c in the lowest bits; beside TRITS those of the second halves of runs of 16 from bit 16.
INLINE u32x16 deltas_of(Shape f, const uint8_t* super, int c) {
  if (f.delta == DELTA_RUN) return nibbles_of(f, super, c) >> 3;
  return f.delta ? load_u(super + f.head - 64) >> (uint32_t)((f.bits == TRITS ? 4 : 8) * c) : (u32x16){};
}
INLINE u32x16 table_of(const int8_t* levels) {
  u32x4 t = *(const u32x4_any*)levels;
  u32x16 table = __builtin_shufflevector(t, t, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
  return SIGNED_QUADS ? table : table ^ 0x80808080u;
}

// The inverse of code_quad for one row.
INLINE uint32_t bit_of_quads(const uint32_t* q, int bit) {
  uint32_t z = 0;
  for (int e = 0; e < 8; e++) z |= (q[e] >> bit & 0x01010101u) << e;
  return z;
}
INLINE void pack_codes(Shape f, const uint8_t* codes, uint8_t* chunk, int64_t row) {
  uint32_t q[16];
  __builtin_memcpy(q, codes, sizeof q);
  uint8_t* out = chunk + 4 * row;
  if (f.bits >= 4) {
    for (int i = 0; i < 8; i++) *(u32_any*)(out + 64 * i) = (q[i] & NIBBLES) | (q[i + 8] & NIBBLES) << 4;
    for (int h = 0; h < 2 * (f.bits - 4); h++) *(u32_any*)(out + 512 + 64 * h) = bit_of_quads(q + 8 * h, 4);
  } else if (f.bits == 2) {
    for (int i = 0; i < 4; i++) {
      uint32_t z = 0;
      for (int e = 0; e < 4; e++) z |= (q[i + 4 * e] & 0x03030303u) << (2 * e);
      *(u32_any*)(out + 64 * i) = z;
    }
  } else {
    for (int h = 0; h < 2; h++) {
      const uint32_t* p = q + 8 * h;
      uint8_t* to = out + 64 * f.bits * h;
      if (f.bits == 1) {
        *(u32_any*)to = bit_of_quads(p, 0);
        continue;
      }
      uint32_t high = (p[6] & 0x04040404u) << 4 | (p[7] & 0x04040404u) << 5;
      *(u32_any*)to = p[0] | p[1] << 3 | (p[6] & 0x03030303u) << 6;
      *(u32_any*)(to + 64) = p[2] | p[3] << 3 | high;
      *(u32_any*)(to + 128) = p[4] | p[5] << 3 | (p[7] & 0x03030303u) << 6;
    }
  }
}
// Packs `columns` columns of one row into its lane.
INLINE void pack_lane(const Kind* kind, const uint8_t* block, int64_t columns, uint8_t* out, int64_t row) {
  Shape f = kind->shape;
  uint8_t codes[SUPER];
  float s[16], m[16];
  __builtin_memset(codes, 0, sizeof codes);
  if (f.bits == TRITS) {
    kind->codes(block, codes, s, m);
    kind->head(block, 0, out, row);
    pack_trits(codes, out + f.head, row);
  } else {
    for (int64_t at = 0, i = 0; at < columns; at += kind->elements, i++, block += kind->bytes) {
      kind->codes(block, codes + at, s, m);
      kind->head(block, (int)i, out, row);
    }
    for (int c = 0; c < 4; c++) pack_codes(f, codes + 64 * c, out + f.head + c * chunk_bytes(f), row);
  }
  if (f.delta == DELTA_EIGHT) {
    uint32_t bits = 0;
    for (int g = 0; g < 32; g++) bits |= (uint32_t)(codes[8 * g] >> 2) << (f.bits == TRITS ? g / 2 + g % 2 * 16 : g);
    *(u32_any*)(out + f.head - 64 + 4 * row) = bits;
  }
}
// The superblock b of a row group; rows beyond the last one repeat it.
static void pack_levels(const Kind* kind, const uint8_t* w, int64_t row_bytes, int64_t n, int64_t k, int64_t g, int64_t b, uint8_t* out) {
  int64_t columns = min64(SUPER, k - b * SUPER), offset = b * (SUPER / kind->elements) * kind->bytes;
  int64_t zero = kind->shape.bits == TRITS ? super_bytes(kind->shape) : kind->shape.head;   // what rows share
  for (int64_t at = 0; at < zero; at += 32) *(f16x16_any*)(out + at) = (f16x16){};
  for (int64_t r = 0; r < ROWS; r++) pack_lane(kind, w + min64(g * ROWS + r, n - 1) * row_bytes + offset, columns, out, r);
}
INLINE int64_t group_bytes(Shape f, int64_t k) { return supers(k) * super_bytes(f); }

// Where the superblock b of a group is: packed weights, or packed into scratch.
INLINE const uint8_t* levels_at(const Kind* kind, Shape f, const QuantMatmul* p, int64_t g, int64_t b, uint8_t* scratch) {
  if (p->row_bytes == 0) return p->w + g * group_bytes(f, p->k) + b * super_bytes(f);
  pack_levels(kind, p->w, p->row_bytes, p->n, p->k, g, b, scratch);
  return scratch;
}

// The scales of a format, and its minima: f32 for each run, or i16 for each two.
typedef void Scales(const uint8_t* head, int c, f32x16* s, u32x16* m);
INLINE int minima_in_chunk(Shape f) { return f.block == 32 ? runs_in_chunk(f) : runs_in_chunk(f) / 2; }

// Weights as the tiles and dot_d32 take them.
INLINE void unpack_chunk(Shape f, Scales* scales, const uint8_t* super, int c, u32x16 table, Unit* u) {
  u32x16 deltas = deltas_of(f, super, c);
  scales(super, c, u->s + c * runs_in_chunk(f), u->m + c * minima_in_chunk(f));
  UNROLL for (int i = 0; i < 16; i++) {
    u32x16 z = code_quad(f, super + f.head, deltas, c, i);
    int bit = f.delta == DELTA_RUN ? i / 8 * 4 : i / 4 + i / 2 % 2 * 16;
    u->w[c * 16 + i] = f.bits == TRITS ? trit_levels(z, deltas, bit, f.delta) : f.linear ? (u32x16)((u8x64)z + (u8x64)table) : look_up(table, z);
  }
}
INLINE void unpack_levels(Shape f, Scales* scales, const uint8_t* super, const int8_t* levels, Unit* u) {
  u32x16 table = f.linear ? (u32x16)((u8x64){} + (uint8_t)((SIGNED_QUADS ? 0 : 128) - f.offset)) : table_of(levels);
  if (f.bits == TRITS) {
    UNROLL for (int c = 0; c < 4; c++) unpack_chunk(f, scales, super, c, table, u);
  } else {
    for (int c = 0; c < 4; c++) unpack_chunk(f, scales, super, c, table, u);
  }
  if (f.minima && f.block == 256) u->dmin = minus_dmin(super);
}

// ---- products of a few tokens, weights unpacked in registers ----

// The integer sum starts with what the offset of unsigned weights adds.
INLINE i32x16 start_of(Shape f, const int32_t* c) {
  if (!f.linear) return start_d32(c);
  if (f.offset == 0) return (i32x16){};
  i32x16 v = splat_i(c);
#ifdef __AVX512F__
  __asm__("" : "+v"(v));   // broadcast by the load, not after a shift of one number
#endif
  return f.offset == 9 ? (v >> 4) + (v >> 7) : v >> (f.offset == 1 ? 7 : f.offset == 4 ? 5 : 3);
}

// One more minimum of a run of 32, or two of a block of 256: low holds the bits of a float or of an integer.
INLINE u32x16 add_minimum(Shape f, u32x16 low, u32x16 m, const float* e) {
  return f.block == 32 ? (u32x16)fma16((f32x16)m, splat(*e), (f32x16)low) : (u32x16)dot_pairs((i32x16)low, m, (const int16_t*)e);
}
// What all of them add to a sum.
INLINE f32x16 plus_minima(Shape f, f32x16 y, u32x16 low, f32x16 dmin, const float* d) {
  return f.block == 32 ? y + (f32x16)low : fma16(to_f(low) * dmin, splat(*d), y);
}

// Runs that share an activation scale of their own.
INLINE int runs_of_block(Shape f) { return f.block == 32 ? 32 / f.run : 0; }

// One chunk of T tokens: part[t] += the runs, low[t] += the minima. The sums of one token are two halves, to be added sooner.
INLINE void fused_chunk(Shape f, Scales* scales, int T, const uint8_t* super, u32x16 table, const ActRuns* a, int64_t i, int c,
                        int unrolled, int64_t hint, const int16_t eights[][32], f32x16* part, u32x16* low) {
  const int runs = 64 / f.run, all = 256 / f.run, lines = (int)(super_bytes(f) + 255) / 256, sums = T == 1 && FUSED_TOKENS == 4 ? 2 : 1;
  const uint8_t* w = super + c * (super_bytes(f) / 4);
  u32x16 deltas = deltas_of(f, super, c);
  f32x16 s[4], two[4];
  u32x16 m[4];
  scales(super, c, s, m);
  if (f.minima)
    UNROLL for (int j = 0; j < minima_in_chunk(f); j++)
      UNROLL for (int t = 0; t < T; t++) low[t] = add_minimum(f, low[t], m[j], a->e + (i + t) * all + c * minima_in_chunk(f) + j);
  UNROLL for (int j = 0; j < runs; j++) {
    if (unrolled) AHEAD_LINES(lines, j, 1, runs, w, hint)
    i32x16 v[4][2];
    UNROLL for (int t = 0; t < T; t++) {
      const int32_t* start = a->c + (i + t) * all + c * runs + j;
      v[t][0] = f.bits == TRITS ? trit_start(start, eights[t] + 8 * c, deltas, j, f.delta) : start_of(f, start);
      v[t][1] = (i32x16){};
    }
    UNROLL for (int e = 0; e < f.run / 4; e++) {
      const int quad = j * (f.run / 4) + e;
      if (!unrolled) UNROLL for (int l = quad * lines / 16; l < (quad + 1) * lines / 16; l++) AHEAD_L2(w + hint + 64 * l);
      u32x16 z = code_quad(f, super + f.head, deltas, c, quad);
      if (!f.linear && f.bits != TRITS) z = look_up(table, z);
      UNROLL for (int t = 0; t < T; t++) {
        const int8_t* q = a->q + (i + t) * 256 + 64 * c + f.run * j + 4 * e;
        i32x16* to = &v[t][e % sums];
        *to = f.linear ? dot_u6(*to, z, q) : dot_d32(*to, z, q);
      }
    }
    UNROLL for (int t = 0; t < T; t++) {
      f32x16 dot = to_f((u32x16)(sums == 2 ? v[t][0] + v[t][1] : v[t][0]));
      f32x16 d = splat(a->d[(i + t) * all + c * runs + j]);
      if (runs_of_block(f) == 2) {
        two[t] = j % 2 == 0 ? s[j] * dot : fma16(s[j], dot, two[t]);
        if (j % 2) part[t] = fma16(two[t], d, part[t]);
      } else {
        part[t] = fma16(s[j], f.block == 32 ? dot * d : dot, part[t]);
      }
    }
  }
}

// T tokens from t0 of one row group. Chunks are unrolled where there are registers for it, with prefetches in short bursts: in a loop
// loads and prefetches advance by the same few lines every time, which on Zen 5 leaves half of the read bandwidth (Q5_0 56 -> 90 %,
// IQ2_XXS 38 -> 64 %, Q2_K 60 -> 98 %), whatever the distance. Two row groups at once, which share the loads of activations, are slower.
INLINE void fused_levels(Shape f, Scales* scales, int T, const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t0, Scratch* scratch) {
  const int unrolled = FUSED_TOKENS == 4 && (f.block == 32 || T == 1 || f.bits == TRITS);
  ActRuns a = act_runs(p->x, p->m, p->k, 256 / f.run);
  u32x16 table = f.linear ? (u32x16){} : table_of(kind->levels);
  f32x16 y[4];
  UNROLL for (int t = 0; t < T; t++) y[t] = (f32x16){};
  for (int64_t b = 0; b < supers(p->k); b++) {
    const uint8_t* w = levels_at(kind, f, p, g, b, scratch->packed[0]);
    int64_t i = b * p->m + t0, hint = p->row_bytes ? 0 : p->ahead;
    f32x16 part[4];
    u32x16 low[4];
    int16_t eights[4][32];
    UNROLL for (int t = 0; t < T; t++) part[t] = (f32x16){}, low[t] = (u32x16){};
    if (f.bits == TRITS && f.delta == DELTA_EIGHT)
      UNROLL for (int t = 0; t < T; t++) sums_of_eight(a.q + (i + t) * 256, eights[t]);
    if (unrolled) {
      UNROLL for (int c = 0; c < 4; c++) fused_chunk(f, scales, T, w, table, &a, i, c, 1, hint, eights, part, low);
    } else {
      for (int c = 0; c < 4; c++) fused_chunk(f, scales, T, w, table, &a, i, c, 0, hint, eights, part, low);
    }
    UNROLL for (int t = 0; t < T; t++) {
      const float* d = a.d + (i + t) * (256 / f.run);
      y[t] = f.block == 32 ? y[t] + part[t] : fma16(part[t], splat(*d), y[t]);
      if (f.minima) y[t] = plus_minima(f, y[t], low[t], f.block == 32 ? (f32x16){} : minus_dmin(w), d);
    }
  }
  UNROLL for (int t = 0; t < T; t++) store_rows(p->y + (t0 + t) * p->y_stride + g * ROWS, y[t], p->n - g * ROWS);
}

// ---- products of more tokens, by tiles ----

// What the minima add to the sums of a superblock, after a tile that does not add them; four tokens at a time for the latency of the sums.
INLINE void add_minima_of(Shape f, int tokens, const Unit* u, const float* e, const float* d, float* sum) {
  int64_t runs = 256 / f.run;
  u32x16 total[4];
  UNROLL for (int t = 0; t < tokens; t++) total[t] = (u32x16){};
  for (int64_t j = 0; j < 4 * minima_in_chunk(f); j++)
    UNROLL for (int t = 0; t < tokens; t++) total[t] = add_minimum(f, total[t], u->m[j], e + t * runs + j);
  UNROLL for (int t = 0; t < tokens; t++) {
    float* to = sum + t * GROUPS * ROWS;
    store_f(to, plus_minima(f, load_f(to), total[t], u->dmin, d + t * runs));
  }
}
INLINE void add_minima_all(Shape f, const Unit* u, const float* e, const float* d, int64_t tokens, float* sum) {
  int64_t t = 0, runs = 256 / f.run;
  for (; t + 4 <= tokens; t += 4) add_minima_of(f, 4, u, e + t * runs, d + t * runs, sum + t * GROUPS * ROWS);
  for (; t < tokens; t++) add_minima_of(f, 1, u, e + t * runs, d + t * runs, sum + t * GROUPS * ROWS);
}
NOINLINE void add_minima(Shape f, const Unit* u, const float* e, const float* d, int64_t tokens, float* sum) {
  if (f.block == 32) add_minima_all((Shape){.run = 32, .block = 32}, u, e, d, tokens, sum);
  else if (f.run == 32) add_minima_all((Shape){.run = 32, .block = 256}, u, e, d, tokens, sum);
  else add_minima_all((Shape){.run = 16, .block = 256}, u, e, d, tokens, sum);
}

QUANT_TILE(d32)
QUANT_TILE(d16)
QUANT_TILE(k32)
QUANT_TILE(k16)

// All tokens, TILE_TOKENS to a tile, of up to four row groups from g, at superblock b.
static void tile_levels(const Kind* kind, const QuantMatmul* p, int64_t g, int64_t groups, int64_t b, int64_t t0, int64_t tokens, Scratch* s) {
  Shape f = kind->shape;
  int64_t all = 256 / f.run;
  ActRuns a = act_runs(p->x, p->m, p->k, (int)all);
  const uint8_t* w[GROUPS];
  for (int64_t e = 0; e < groups; e++) {
    w[e] = levels_at(kind, f, p, g + e, b, s->packed[e]);
    kind->unpack(w[e], kind->levels, &s->unit[e]);
  }
  for (int64_t t = 0, step = runs_of_block(f) == 2 ? 16 : TILE_TOKENS(groups); t < tokens; t += step) {
    int64_t i = b * p->m + t0 + t;
    const float* minima = f.minima ? a.e + i * all : 0;
    Tile tile = {0, a.q + i * 256, a.c + i * all, a.d + i * all, 0, 0, min64(step, tokens - t), all, 0, minima};
    int64_t bytes = p->row_bytes ? 0 : super_bytes(f) + (b + 1 < supers(p->k) ? 0 : (GROUPS - 1) * group_bytes(f, p->k));
    if (f.block == 32) {
      if (f.run == 32) TILES(d32, tile, s, w, bytes, groups, t)
      else TILES(d16, tile, s, w, bytes, groups, t)
    } else {
      if (f.run == 32) TILES(k32, tile, s, w, bytes, groups, t)
      else TILES(k16, tile, s, w, bytes, groups, t)
    }
    if (f.minima)
      for (int64_t e = PAIRED == 2 ? groups & ~1 : 0; e < groups; e++)
        add_minima(f, &s->unit[e], minima, tile.d, tile.tokens, s->sums[t][e]);
  }
}
static void tiled_levels(const Kind* kind, const QuantMatmul* p, int64_t g0, int64_t g1, Scratch* s) {
  for (int64_t t0 = 0; t0 < p->m; t0 += TOKENS) {
    int64_t tokens = min64(TOKENS, p->m - t0);
    for (int64_t g = g0; g < g1; g += GROUPS) {
      int64_t groups = min64(GROUPS, g1 - g);
      clear_sums(s, tokens);
      for (int64_t b = 0; b < supers(p->k); b++) tile_levels(kind, p, g, groups, b, t0, tokens, s);
      store_sums(p, s, g, groups, t0, tokens);
    }
  }
}

// ---- ordered products and decoding ----

// An unpacked superblock as f32 columns of 16 rows.
INLINE f32x16 minimum_of(Shape f, const Unit* u, int64_t j) {
  if (f.block == 32) return (f32x16)u->m[j];
  return u->dmin * to_f(u->m[in_pairs(j) / 2] >> (uint32_t)(in_pairs(j) % 2 * 16) & 0xffff);
}
INLINE void decode_levels(Shape f, const Unit* u, int64_t columns, f32x16* out) {
  for (int64_t k = 0; k < columns; k += 4)
    UNROLL for (int e = 0; e < 4; e++) {
      f32x16 v = column_d32(u->w[k / 4], e) * u->s[k / f.run];
      out[k + e] = f.minima ? v + minimum_of(f, u, k / f.run) : v;
    }
}
static void ordered_levels(const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t0, int64_t tokens, Scratch* s) {
  Shape f = kind->shape;
  clear_sums(s, tokens);
  for (int64_t b = 0; b < supers(p->k); b++) {
    int64_t columns = min64(SUPER, p->k - b * SUPER), t = 0;
    kind->unpack(levels_at(kind, f, p, g, b, s->packed[0]), kind->levels, s->unit);
    decode_levels(f, s->unit, columns, s->values);
    const float* x = (const float*)p->x + t0 * p->x_stride + b * SUPER;
    for (; t + ORDERED_TOKENS <= tokens; t += ORDERED_TOKENS)
      ordered_all(s->values, columns, x + t * p->x_stride, p->x_stride, s->sums[t][0]);
    for (; t < tokens; t++) ordered_1(s->values, columns, x + t * p->x_stride, s->sums[t][0]);
  }
  store_sums(p, s, g, 1, t0, tokens);
}

// Blocks to f32.
static void dequant_levels(const Kind* kind, const uint8_t* block, int64_t count, float* out) {
  Shape f = kind->shape;
  uint8_t q[SUPER];
  float s[16], m[16];
  for (; count > 0; count--, block += kind->bytes, out += kind->elements) {
    kind->codes(block, q, s, m);
    for (int64_t at = 0; at < kind->elements; at += f.run)
      for (int e = 0; e < f.run; e++) {
        float v = s[at / f.run] * (float)kind->levels[q[at + e]];
        out[at + e] = f.minima ? v + m[at / f.run] : v;
      }
  }
}
