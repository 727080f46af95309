// Activations for the kernels of quant_levels.h, from f32 rows or from the canonical blocks Q8_0 and Q8_K: scale, correction and
// sum for each run of 16 or 32 columns, quantised in blocks of 32 or 256.
#include "quant_round.h"

// Sixteen columns from column 16 e of the superblock i: q, then the sections of their run.
INLINE void store_sixteen(const ActRuns* a, int runs, int block, int64_t i, int e, i32x16 q, float d) {
  store_q(a->q + i * 256 + 16 * e, q);
  int run = e * runs / 16;
  int64_t at = i * runs + run;
  int32_t sum = __builtin_reduce_add(q);
  if (runs == 8 && (e & 1)) sum += a->c[at] / -128;
  a->d[at] = d;
  a->c[at] = -128 * sum;
  if (block == 32) a->e[at] = d * (float)sum;
  else ((int16_t*)(a->e + i * runs))[in_pairs(run)] = (int16_t)sum;
}
INLINE void from_floats(ActRuns a, int runs, int block, const float* x, int64_t columns, int64_t i) {
  Scale s = {};
  for (int e = 0; e < 16; e++) {
    if (16 * e >= columns) {
      store_sixteen(&a, runs, block, i, e, (i32x16){}, 0.0f);
      continue;
    }
    if (e % (block / 16) == 0) s = block == 32 ? scale_32(x + 16 * e) : scale_256(x);
    store_sixteen(&a, runs, block, i, e, sixteen(x + 16 * e, s), s.d);
  }
}
INLINE void from_blocks(ActRuns a, int runs, int block, const uint8_t* x, int64_t columns, int64_t i) {
  for (int e = 0; e < 16; e++) {
    if (16 * e >= columns) {
      store_sixteen(&a, runs, block, i, e, (i32x16){}, 0.0f);
      continue;
    }
    int8_t q[16];
    const uint8_t* from = block == 32 ? x + e / 2 * 34 : x;
    float d = block == 32 ? half_at(from) : *(const f32_any*)from;
    store_sixteen(&a, runs, block, i, e, import_16(from + (block == 32 ? 2 + 16 * (e & 1) : 4 + 16 * e), q), d);
  }
}

// quant_act_runs<R>_<block>: tokens t0..t1 of f32 rows; quant_act_runs<R>_from_<blocks>: of rows of blocks.
#define RUNS(runs, block, blocks, super_bytes)                                                                       \
  ENTRY("plpllll>v") void quant_act_runs##runs##_##block(const float* x, int64_t x_stride, void* act, int64_t m, int64_t k, int64_t t0, \
                                                         int64_t t1) {                                               \
    ActRuns a = act_runs(act, m, k, runs);                                                                           \
    for (int64_t t = t0; t < t1; t++)                                                                                \
      for (int64_t b = 0; b < supers(k); b++) from_floats(a, runs, block, x + t * x_stride + b * SUPER, k - b * SUPER, b * m + t); \
  }                                                                                                                  \
  ENTRY("plpllll>v") void quant_act_runs##runs##_from_##blocks(const uint8_t* x, int64_t row_bytes, void* act, int64_t m, int64_t k, \
                                                               int64_t t0, int64_t t1) {                             \
    ActRuns a = act_runs(act, m, k, runs);                                                                           \
    for (int64_t t = t0; t < t1; t++)                                                                                \
      for (int64_t b = 0; b < supers(k); b++)                                                                        \
        from_blocks(a, runs, block, x + t * row_bytes + b * super_bytes, k - b * SUPER, b * m + t);                  \
  }

RUNS(8, 32, q8_0, 272)
RUNS(8, 256, q8_k, 292)
RUNS(16, 32, q8_0, 272)
RUNS(16, 256, q8_k, 292)
