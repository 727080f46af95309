// The reproducible product of quantised weights with f32 activations: weights decoded to f32 exactly as dequant does, each
// result summed in runs of 32 columns from zero, separate multiply and add, the runs added in order (gemv_ordered.gk). 16
// rows in lanes, so the order of a row is that of plain scalar code, and a row has the same bits for any number of tokens.
#pragma once
#include "quant_ordered_sums.h"

// The four columns of a quad as integers.
INLINE f32x16 column_c16(u32x16 z, int e) { return __builtin_convertvector((i32x16)((z >> (8 * e)) & 0xff) - 32, f32x16); }
INLINE f32x16 column_w32(u32x16 z, int e) { return to_f((z >> (8 * e)) & 0xff); }

// The value subtracted from the columns of run j: 0, or the minimum.
INLINE f32x16 offset_w32(const Unit* u, int j) {
  u32x16 pair = u->m[(j >> 2) * 2 + (j & 1)];
  return u->dmin * to_f(j & 2 ? pair >> 16 : pair & 0xffff);
}

#define DECODE_VALUE_d32(u, j, z, e) (column_d32(z, e) * (u)->s[j])
#define DECODE_VALUE_c16(u, j, z, e) (column_c16(z, e) * (u)->s[j])
#define DECODE_VALUE_w32(u, j, z, e) (column_w32(z, e) * (u)->s[j] + offset)
#define OFFSET_d32(u, j)
#define OFFSET_c16(u, j)
#define OFFSET_w32(u, j) f32x16 offset = offset_w32(u, j)

// A unit as f32 columns of 16 rows.
#define DECODE(mode)                                                                                                 \
  NOINLINE void decode_##mode(const Unit* u, int64_t runs, f32x16* out) {                                            \
    for (int j = 0; j < (int)runs; j++) {                                                                            \
      OFFSET_##mode(u, j);                                                                                           \
      f32x16* to = out + COLUMN_##mode(j);                                                                           \
      for (int q = 0; q < QUADS_##mode; q++) {                                                                       \
        u32x16 z = u->w[j * QUADS_##mode + q];                                                                       \
        UNROLL for (int e = 0; e < 4; e++) to[4 * q + e] = DECODE_VALUE_##mode(u, j, z, e);                          \
      }                                                                                                              \
    }                                                                                                                \
  }
DECODE(d32)
DECODE(w32)
DECODE(c16)

// quant_matmul_ordered_<format>(arguments with f32 x, first and last row group, scratch).
#define ORDERED_ENTRY(format, mode)                                                                                  \
  ENTRY("pllp>v") void quant_matmul_ordered_##format(const QuantMatmul* p, int64_t g0, int64_t g1, void* scratch) {  \
    Scratch* s = scratch;                                                                                            \
    for (int64_t t0 = 0; t0 < p->m; t0 += TOKENS) {                                                                  \
      int64_t tokens = min64(TOKENS, p->m - t0);                                                                     \
      for (int64_t g = g0; g < g1; g++) {                                                                            \
        clear_sums(s, tokens);                                                                                       \
        for (int64_t b = 0; b < supers(p->k); b++) {                                                                 \
          int64_t columns = min64(SUPER, p->k - b * SUPER);                                                          \
          unpack_##format(super_##format(p, g, b, s->packed[0]), runs_of(p->k, b), s->unit);                         \
          decode_##mode(s->unit, RUNS_##mode == 8 ? runs_of(p->k, b) : 16, s->values);                               \
          const float* x = (const float*)p->x + t0 * p->x_stride + b * SUPER;                                        \
          int64_t t = 0;                                                                                             \
          for (; t + ORDERED_TOKENS <= tokens; t += ORDERED_TOKENS)                                                  \
            ordered_all(s->values, columns, x + t * p->x_stride, p->x_stride, s->sums[t][0]);                        \
          for (; t < tokens; t++) ordered_1(s->values, columns, x + t * p->x_stride, s->sums[t][0]);                 \
        }                                                                                                            \
        store_sums(p, s, g, 1, t0, tokens);                                                                          \
      }                                                                                                              \
    }                                                                                                                \
  }
