// One token of packed q4_k weights: four row groups far apart are read side by side, line by line, because one stream leaves memory idle
// part of the time. Zen 5: 30 -> 35 GB/s with k = 2048, 34 -> 37 with 5632 and 14336 (86, 94, 95 -> 101 % of what a loop reads as one
// stream). q4_0, q6_k and q8_0 gain nothing. The bits are those of the fused kernel.
#pragma once
#include "quant_matmul.h"

#define STREAMS 4
#define STREAM_AHEAD 2048   // bytes at most; with 4096 it is 10 % slower
#define SUPER_LINES (CHUNK_q4_k / 64)
#define STREAM_STEPS 32     // lines of nibbles

// The runs j and j + 1 of all streams, which share lines: part[s] += scale * dot. The lines of the next superblocks are fetched evenly.
INLINE void stream_runs(const uint8_t* const w[STREAMS], int64_t hint, const int8_t* q, int j, f32x16 part[STREAMS]) {
  Sum4 v[2][STREAMS];
  UNROLL for (int s = 0; s < STREAMS; s++) v[0][s] = sum4_zero(), v[1][s] = sum4_zero();
  UNROLL for (int e = 0; e < QUADS_w32; e++) {
    const int step = j / 2 * QUADS_w32 + e;
    UNROLL for (int s = 0; s < STREAMS; s++) {
      UNROLL for (int r = 0; r < 2; r++) v[r][s] = sum4_add(v[r][s], quad_q4_k(w[s], j + r, e), q + 32 * (j + r) + 4 * e);
      UNROLL for (int l = step * SUPER_LINES / STREAM_STEPS; l < (step + 1) * SUPER_LINES / STREAM_STEPS; l++)
        AHEAD(w[s] + hint + 64 * l);
    }
  }
  UNROLL for (int r = 0; r < 2; r++)
    UNROLL for (int s = 0; s < STREAMS; s++) part[s] = fma16(scale_q4_k(w[s], j + r), to_f((u32x16)sum4_end(v[r][s])), part[s]);
}

// The row groups g, g + apart, g + 2 apart ...
NOINLINE void streamed_q4_k(const QuantMatmul* p, const Act* a, int64_t g, int64_t apart) {
  const int64_t group = supers(p->k) * CHUNK_q4_k, hint = min64(p->ahead, STREAM_AHEAD);
  f32x16 y[STREAMS];
  UNROLL for (int s = 0; s < STREAMS; s++) y[s] = (f32x16){};
  for (int64_t b = 0; b < supers(p->k); b++) {
    const uint8_t* w[STREAMS];
    f32x16 part[STREAMS];
    UNROLL for (int s = 0; s < STREAMS; s++) {
      w[s] = p->w + (g + s * apart) * group + b * CHUNK_q4_k;
      u32x16 mins[4];
      mins_q4_k(w[s], mins);
      part[s] = first_part(mins, dmin_q4_k(w[s]), a->s + b * 8);
    }
    UNROLL for (int j = 0; j < RUNS_w32; j += 2) stream_runs(w, hint, a->q + b * SUPER, j, part);
    UNROLL for (int s = 0; s < STREAMS; s++) y[s] = fma16(part[s], splat(a->d[b]), y[s]);
  }
  UNROLL for (int s = 0; s < STREAMS; s++) store_rows(p->y + (g + s * apart) * ROWS, y[s], p->n - (g + s * apart) * ROWS);
}

// As many row groups from g0 on as go side by side; the first that is left. `streams_<format>` of the formats without does nothing.
INLINE int64_t streams_q4_k(const QuantMatmul* p, const Act* a, int64_t g0, int64_t g1) {
  if (FUSED_TOKENS < 4 || p->m != 1 || p->row_bytes) return g0;   // FUSED_TOKENS: it takes 32 registers
  const int64_t apart = (g1 - g0) / STREAMS;
  for (int64_t g = g0; g < g0 + apart; g++) streamed_q4_k(p, a, g, apart);
  return g0 + STREAMS * apart;
}
#define streams_q4_0(p, a, g0, g1) (g0)
#define streams_q6_k(p, a, g0, g1) (g0)
#define streams_q8_0(p, a, g0, g1) (g0)
