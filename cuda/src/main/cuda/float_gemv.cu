// y[m][n] = dot(w[n], x[m]) for up to COLUMNS rows of x in f32, weights of TYPE. A warp multiplies ROWS rows of weights, a lane 16 bytes of
// each at a time, which are read once for all rows of x. The order of sums is that of the numbers of a lane, then that of the lanes; it does
// not depend on m. Rows of w and x are whole 16 bytes (CudaGemv sees to that).
#define BUFFERS IN(w) IN_F32(x) OUT_F32(y)
#define PARAMS uint m; uint n; uint k;
#define THREADS 128
#include "tuned.cuh"
#include "parts.inc"

#ifndef GK_MANIFEST
#define ROWS 2u

KERNEL {
  uint lane = threadIdx.x % 32u, first = (group() * (THREADS / 32u) + threadIdx.x / 32u) * ROWS;
  if (first >= p.n) return;
  float total[COLUMNS][ROWS];
  UNROLL for (uint c = 0u; c < COLUMNS; c++) UNROLL for (uint r = 0u; r < ROWS; r++) total[c][r] = 0.0f;
  for (uint i = lane * PER; i < p.k; i += 32u * PER) {
    Part q[ROWS];
    UNROLL for (uint r = 0u; r < ROWS; r++) q[r] = part_at(w, (size_t)min(first + r, p.n - 1u) * p.k + i);    // past the end: never stored
    UNROLL for (uint c = 0u; c < COLUMNS; c++) {
      if (c < p.m) {
        UNROLL for (uint e = 0u; e < PER; e += 4u) {
          float4 v = *(const float4*)(x + (size_t)c * p.k + i + e);
          UNROLL for (uint r = 0u; r < ROWS; r++) {
            float sum = __fmaf_rn(q[r].v[e], v.x, total[c][r]);
            sum = __fmaf_rn(q[r].v[e + 1u], v.y, sum);
            sum = __fmaf_rn(q[r].v[e + 2u], v.z, sum);
            total[c][r] = __fmaf_rn(q[r].v[e + 3u], v.w, sum);
          }
        }
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
