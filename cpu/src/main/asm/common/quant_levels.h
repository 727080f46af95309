// Kernels of the formats of quant_codes.h: one layout and one set of loops by shape, whatever the format.
//
// Packed weights (R16), chunks of 64 columns of 16 rows, row group after row group:
//   f32 s[64 / run][16], then (minima) f32 m[64 / run][16];
//   8 vectors of codes: vector i has the columns 4i..4i+3 in the low, those 32 further on in the high nibbles;
//   (five) 2 vectors of fifth bits: bit e of vector h belongs to the columns of quad 8h+e
// 5 bits a weight for runs of 32, 6 for runs of 16; minima add 1 or 2, the fifth bit 1.
//
// Activations (act_runs), superblock-major like those of quant.h: i8 q[i][256]; f32 d[i][R], i32 c[i][R] = -128 * sum of the
// run, f32 e[i][R] = d * sum of the run, for R = 256 / run. Whether d was found for 32 or for 256 columns makes no difference here.
//
// Formula of a superblock, the same for every path: part = fma(s_j, float(v_j) * d_j, part) over ascending runs from 0, y += part;
// with minima also low = fma(m_j, e_j, low) from 0, y += low.
#pragma once
#include "quant_codes.h"
#include "quant_ordered_sums.h"

typedef struct { int run, minima, five; } Shape;
typedef uint8_t u8x64 __attribute__((vector_size(64)));

typedef struct {
  Scratch base;
  f32x16 low[GROUPS][16];   // minima of the unpacked units
} LevelScratch;
_Static_assert(sizeof(LevelScratch) <= 192 * 1024, "the caller allocates 192 KB");

INLINE int64_t runs_in_chunk(Shape f) { return 64 / f.run; }
INLINE int64_t codes_at(Shape f) { return runs_in_chunk(f) * 64 * (1 + f.minima); }
INLINE int64_t chunk_bytes(Shape f) { return codes_at(f) + 512 + 128 * f.five; }
INLINE int64_t group_bytes(Shape f, int64_t k) { return (k + 63) / 64 * chunk_bytes(f); }

// What turns codes into weights, in the sign that dot_d32 wants: a table for nibbles, an offset for five bits.
INLINE u32x16 levels_of(Shape f, const Kind* kind) {
  u32x16 levels;
  if (f.five) levels = (u32x16)((u8x64){} + (uint8_t)kind->levels[0]);
  else {
    u32x4 t = *(const u32x4_any*)kind->levels;
    levels = __builtin_shufflevector(t, t, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
  }
  return SIGNED_QUADS ? levels : levels ^ 0x80808080u;
}
INLINE u32x16 level_quad(Shape f, const uint8_t* codes, int i, u32x16 levels) {
  u32x16 z = load_u(codes + 64 * (i & 7));
  z = (i < 8 ? z : z >> 4) & NIBBLES;
  if (!f.five) return look_up(levels, z);
  z |= ((load_u(codes + 512 + 64 * (i >> 3)) >> (i & 7)) & 0x01010101u) << 4;
  return (u32x16)((u8x64)z + (u8x64)levels);
}

// Packs `columns` columns of one row into its lane.
INLINE void pack_lane(Shape f, const Kind* kind, const uint8_t* block, int64_t columns, uint8_t* out) {
  uint32_t quads[SUPER / 4];
  float s[16], m[16];
  __builtin_memset(quads, 0, sizeof quads);
  __builtin_memset(s, 0, sizeof s);
  __builtin_memset(m, 0, sizeof m);
  for (int64_t at = 0; at < columns; at += kind->elements, block += kind->bytes)
    kind->codes(block, (uint8_t*)quads + at, s + at / f.run, m + at / f.run);
  for (int64_t at = 0; at < columns; at += 64, out += chunk_bytes(f)) {
    for (int j = 0; j < 64 / f.run; j++) {
      *(f32_any*)(out + 64 * j) = s[at / f.run + j];
      if (f.minima) *(f32_any*)(out + 64 * (64 / f.run + j)) = m[at / f.run + j];
    }
    const uint32_t* q = quads + at / 4;
    for (int i = 0; i < 8; i++) *(u32_any*)(out + codes_at(f) + 64 * i) = (q[i] & NIBBLES) | (q[i + 8] & NIBBLES) << 4;
    for (int h = 0; h < 2 * f.five; h++) {
      uint32_t bits = 0;
      for (int e = 0; e < 8; e++) bits |= (q[8 * h + e] >> 4 & 0x01010101u) << e;
      *(u32_any*)(out + codes_at(f) + 512 + 64 * h) = bits;
    }
  }
}
// The superblock b of a row group; rows beyond the last one repeat it.
INLINE void pack_levels(Shape f, const Kind* kind, const uint8_t* w, int64_t row_bytes, int64_t n, int64_t k, int64_t g, int64_t b, uint8_t* out) {
  int64_t columns = min64(SUPER, k - b * SUPER), offset = b * (SUPER / kind->elements) * kind->bytes;
  for (int64_t r = 0; r < ROWS; r++)
    pack_lane(f, kind, w + min64(g * ROWS + r, n - 1) * row_bytes + offset, columns, out + 4 * r);
}

INLINE void unpack_levels(Shape f, const uint8_t* src, int64_t columns, u32x16 levels, Unit* u, f32x16* low) {
  int64_t runs = runs_in_chunk(f);
  for (int64_t c = 0; c * 64 < columns; c++, src += chunk_bytes(f)) {
    for (int64_t j = 0; j < runs; j++) {
      u->s[c * runs + j] = load_f(src + 64 * j);
      if (f.minima) low[c * runs + j] = load_f(src + 64 * (runs + j));
    }
    UNROLL for (int i = 0; i < 16; i++) u->w[c * 16 + i] = level_quad(f, src + codes_at(f), i, levels);
  }
}

// One chunk of T tokens: part[t] += the runs, low[t] += the minima.
INLINE void fused_chunk(Shape f, int T, const uint8_t* w, u32x16 levels, const ActRuns* a, int64_t i, int c, f32x16* part, f32x16* low) {
  const int runs = 64 / f.run, all = 256 / f.run;
  UNROLL for (int j = 0; j < runs; j++) {
    i32x16 v[4];
    UNROLL for (int t = 0; t < T; t++) v[t] = start_d32(a->c + (i + t) * all + c * runs + j);
    UNROLL for (int e = 0; e < f.run / 4; e++) {
      u32x16 z = level_quad(f, w + codes_at(f), j * (f.run / 4) + e, levels);
      UNROLL for (int t = 0; t < T; t++) v[t] = dot_d32(v[t], z, a->q + (i + t) * 256 + 64 * c + f.run * j + 4 * e);
    }
    f32x16 s = load_f(w + 64 * j);
    UNROLL for (int t = 0; t < T; t++)
      part[t] = fma16(s, to_f((u32x16)v[t]) * splat(a->d[(i + t) * all + c * runs + j]), part[t]);
    if (f.minima) {
      f32x16 m = load_f(w + 64 * (runs + j));
      UNROLL for (int t = 0; t < T; t++) low[t] = fma16(m, splat(a->e[(i + t) * all + c * runs + j]), low[t]);
    }
  }
}

// Where the superblock b of a group is: packed weights, or packed into scratch.
INLINE const uint8_t* levels_at(Shape f, const Kind* kind, const QuantMatmul* p, int64_t g, int64_t b, uint8_t* scratch) {
  if (p->row_bytes == 0) return p->w + g * group_bytes(f, p->k) + b * 4 * chunk_bytes(f);
  pack_levels(f, kind, p->w, p->row_bytes, p->n, p->k, g, b, scratch);
  return scratch;
}

// T tokens from t0 of one row group, weights unpacked in registers.
INLINE void fused_levels(Shape f, int T, const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t0, LevelScratch* scratch) {
  ActRuns a = act_runs(p->x, p->m, p->k, 256 / f.run);
  u32x16 levels = levels_of(f, kind);
  f32x16 y[4];
  UNROLL for (int t = 0; t < T; t++) y[t] = (f32x16){};
  for (int64_t b = 0; b < supers(p->k); b++) {
    const uint8_t* w = levels_at(f, kind, p, g, b, scratch->base.packed[0]);
    int64_t i = b * p->m + t0, hint = p->row_bytes ? 0 : p->ahead, chunks = (min64(SUPER, p->k - b * SUPER) + 63) / 64;
    f32x16 part[4], low[4];
    UNROLL for (int t = 0; t < T; t++) part[t] = low[t] = (f32x16){};
    for (int c = 0; c < (int)chunks; c++, w += chunk_bytes(f)) {
      UNROLL for (int l = 0; l < chunk_bytes(f) / 64; l++) AHEAD(w + hint + 64 * l);
      fused_chunk(f, T, w, levels, &a, i, c, part, low);
    }
    UNROLL for (int t = 0; t < T; t++) {
      y[t] = y[t] + part[t];
      if (f.minima) y[t] = y[t] + low[t];
    }
  }
  UNROLL for (int t = 0; t < T; t++) store_rows(p->y + (t0 + t) * p->y_stride + g * ROWS, y[t], p->n - g * ROWS);
}

// What the minima add to the sums of a superblock, after the tile.
INLINE void add_minima(Shape f, const f32x16* low, const float* e, int64_t runs, int64_t tokens, float* sum) {
  for (int64_t t = 0; t < tokens; t++, e += 256 / f.run, sum += GROUPS * ROWS) {
    f32x16 total = {};
    for (int64_t j = 0; j < runs; j++) total = fma16(low[j], splat(e[j]), total);
    store_f(sum, load_f(sum) + total);
  }
}

ASM_CALL void quant_tile_d32(const Tile* t);
ASM_CALL void quant_tile_d16(const Tile* t);

// All tokens, 16 to a tile, of up to four row groups from g, at superblock b.
INLINE void tile_levels(Shape f, const Kind* kind, const QuantMatmul* p, int64_t g, int64_t groups, int64_t b, int64_t t0, int64_t tokens,
                        LevelScratch* s) {
  ActRuns a = act_runs(p->x, p->m, p->k, 256 / f.run);
  u32x16 levels = levels_of(f, kind);
  int64_t columns = min64(SUPER, p->k - b * SUPER), all = 256 / f.run, runs = (columns + 63) / 64 * (64 / f.run);
  const uint8_t* w[GROUPS];
  for (int64_t e = 0; e < groups; e++) {
    w[e] = levels_at(f, kind, p, g + e, b, s->base.packed[e]);
    unpack_levels(f, w[e], columns, levels, &s->base.unit[e], s->low[e]);
  }
  for (int64_t t = 0; t < tokens; t += 16) {
    int64_t i = b * p->m + t0 + t;
    Tile tile = {0, a.q + i * 256, a.c + i * all, a.d + i * all, 0, 0, min64(16, tokens - t), runs};
    for (int64_t e = 0; e < groups; e++) {
      tile.unit = &s->base.unit[e];
      tile.sum = s->base.sums[t][e];
      tile.ahead = t == 0 && p->row_bytes == 0 ? (const void*)(w[e] + 4 * chunk_bytes(f)) : (const void*)(tile.q + 4096 + e * 1024);
      if (f.run == 32) quant_tile_d32(&tile);
      else quant_tile_d16(&tile);
      if (f.minima) add_minima(f, s->low[e], a.e + i * all, runs, tile.tokens, tile.sum);
    }
  }
}
INLINE void tiled_levels(Shape f, const Kind* kind, const QuantMatmul* p, int64_t g0, int64_t g1, LevelScratch* s) {
  for (int64_t t0 = 0; t0 < p->m; t0 += TOKENS) {
    int64_t tokens = min64(TOKENS, p->m - t0);
    for (int64_t g = g0; g < g1; g += GROUPS) {
      int64_t groups = min64(GROUPS, g1 - g);
      clear_sums(&s->base, tokens);
      for (int64_t b = 0; b < supers(p->k); b++) tile_levels(f, kind, p, g, groups, b, t0, tokens, s);
      store_sums(p, &s->base, g, groups, t0, tokens);
    }
  }
}

// An unpacked superblock as f32 columns of 16 rows.
INLINE void decode_levels(Shape f, const Unit* u, const f32x16* low, int64_t columns, f32x16* out) {
  for (int64_t k = 0; k < columns; k += 4)
    UNROLL for (int e = 0; e < 4; e++) {
      f32x16 v = column_d32(u->w[k / 4], e) * u->s[k / f.run];
      out[k + e] = f.minima ? v + low[k / f.run] : v;
    }
}
INLINE void ordered_levels(Shape f, const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t0, int64_t tokens, LevelScratch* s) {
  clear_sums(&s->base, tokens);
  u32x16 levels = levels_of(f, kind);
  for (int64_t b = 0; b < supers(p->k); b++) {
    int64_t columns = min64(SUPER, p->k - b * SUPER), t = 0;
    unpack_levels(f, levels_at(f, kind, p, g, b, s->base.packed[0]), columns, levels, s->base.unit, s->low[0]);
    decode_levels(f, s->base.unit, s->low[0], columns, s->base.values);
    const float* x = (const float*)p->x + t0 * p->x_stride + b * SUPER;
    for (; t + ORDERED_TOKENS <= tokens; t += ORDERED_TOKENS)
      ordered_all(s->base.values, columns, x + t * p->x_stride, p->x_stride, s->base.sums[t][0]);
    for (; t < tokens; t++) ordered_1(s->base.values, columns, x + t * p->x_stride, s->base.sums[t][0]);
  }
  store_sums(p, &s->base, g, 1, t0, tokens);
}

// Blocks to f32.
INLINE void dequant_levels(Shape f, const Kind* kind, const uint8_t* block, int64_t count, float* out) {
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
