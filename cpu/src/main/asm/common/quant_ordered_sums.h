// Sums of the reproducible product over decoded columns of 16 rows: runs of 32 columns from zero, added in order.
#pragma once
#include "quant_matmul.h"

#ifdef __AVX512F__
#define ORDERED_TOKENS 8
#else
#define ORDERED_TOKENS 4
#endif
#define RUN_COLUMNS 32

// Column e of a quad of the modes d32 and d16.
INLINE f32x16 column_d32(u32x16 z, int e) {
  if (!SIGNED_QUADS) z ^= 0x80808080u;
  return __builtin_convertvector((i32x16)(z << (24 - 8 * e)) >> 24, f32x16);
}

// total[t] += the runs of one superblock, for T tokens at once.
#define ORDERED(T)                                                                                                   \
  NOINLINE void ordered_##T(const f32x16* w, int64_t columns, const float* x, int64_t x_stride, float* total) {      \
    f32x16 y[T];                                                                                                     \
    UNROLL for (int t = 0; t < T; t++) y[t] = load_f(total + t * GROUPS * ROWS);                                     \
    for (int64_t k = 0; k < columns; k += RUN_COLUMNS) {                                                             \
      f32x16 sum[T];                                                                                                 \
      UNROLL for (int t = 0; t < T; t++) sum[t] = (f32x16){};                                                        \
      for (int e = 0; e < RUN_COLUMNS; e++)                                                                          \
        UNROLL for (int t = 0; t < T; t++) sum[t] = splat(x[t * x_stride + k + e]) * w[k + e] + sum[t];              \
      UNROLL for (int t = 0; t < T; t++) y[t] = y[t] + sum[t];                                                       \
    }                                                                                                                \
    UNROLL for (int t = 0; t < T; t++) store_f(total + t * GROUPS * ROWS, y[t]);                                     \
  }

// One token: four runs at a time, since only the order in which they are added counts.
NOINLINE void ordered_1(const f32x16* w, int64_t columns, const float* x, float* total) {
  f32x16 y = load_f(total);
  int64_t k = 0;
  for (; k + 4 * RUN_COLUMNS <= columns; k += 4 * RUN_COLUMNS) {
    f32x16 sum[4] = {};
    for (int e = 0; e < RUN_COLUMNS; e++)
      UNROLL for (int r = 0; r < 4; r++) sum[r] = splat(x[k + r * RUN_COLUMNS + e]) * w[k + r * RUN_COLUMNS + e] + sum[r];
    UNROLL for (int r = 0; r < 4; r++) y = y + sum[r];
  }
  for (; k < columns; k += RUN_COLUMNS) {
    f32x16 sum = {};
    for (int e = 0; e < RUN_COLUMNS; e++) sum = splat(x[k + e]) * w[k + e] + sum;
    y = y + sum;
  }
  store_f(total, y);
}

#if ORDERED_TOKENS == 8
ORDERED(8)
#define ordered_all ordered_8
#else
ORDERED(4)
#define ordered_all ordered_4
#endif
