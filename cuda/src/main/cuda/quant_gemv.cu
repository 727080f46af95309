// y[m][n] = dot(w[n], x[m]) for up to COLUMNS rows of x, whose codes, steps and sums come from activations.cu. A warp multiplies ROWS
// rows of weights: every lane a UNIT of each at a time, as integers (dp4a), so that weights are read once for all rows of x. The order
// of sums is that of the units of a lane, then that of the lanes; it does not depend on m. w starts at byte w_at.
#define BUFFERS IN_U32(w) IN_U32(codes) IN_F32(steps) IN_U32(sums) OUT_F32(y)
#define PARAMS uint m; uint n; uint k; uint w_at; uint wide;      // wide: rows of whole 16 bytes may be read 16 bytes at a time
#define THREADS 128
#include "tuned.cuh"
#include "blocks.inc"
#include FORMAT

#ifndef GK_MANIFEST
#define ROWS 2u

#ifndef UNIT
#include "formats/by_runs.inc"
#endif

KERNEL {
  uint lane = threadIdx.x % 32u, first = (group() * (THREADS / 32u) + threadIdx.x / 32u) * ROWS;
  if (first >= p.n) return;
  size_t row_bytes = (size_t)(p.k / BLOCK) * BLOCK_BYTES;
  float total[COLUMNS][ROWS];
  UNROLL for (uint c = 0u; c < COLUMNS; c++) UNROLL for (uint r = 0u; r < ROWS; r++) total[c][r] = 0.0f;
  for (uint unit = lane; unit < p.k / UNIT; unit += 32u) {
    Weights q[ROWS];
    UNROLL for (uint r = 0u; r < ROWS; r++) {
      uint row = min(first + r, p.n - 1u);                            // past the end: computed, never stored
      q[r] = weights_at(w, p.w_at + row * row_bytes, unit, p.wide);
    }
    UNROLL for (uint c = 0u; c < COLUMNS; c++) {
      if (c < p.m) {
        Activations a = activations_at(codes, steps, sums, c * p.k, unit);
        UNROLL for (uint r = 0u; r < ROWS; r++) total[c][r] = total[c][r] + product(q[r], a);
      }
    }
  }
  UNROLL for (uint c = 0u; c < COLUMNS; c++) {
    UNROLL for (uint r = 0u; r < ROWS; r++) {
      UNROLL for (uint by = 16u; by > 0u; by /= 2u) total[c][r] = total[c][r] + from_lane(total[c][r], by);
      if (lane == c * ROWS + r && c < p.m && first + r < p.n) y[(size_t)c * p.n + first + r] = total[c][r];
    }
  }
}
#endif
