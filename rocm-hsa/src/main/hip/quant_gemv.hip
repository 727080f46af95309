// y[m][n] = dot(w[n], x[m]) for up to COLUMNS rows of x, whose codes, steps and sums come from activations.hip. A team of 32 lanes
// multiplies ROWS rows of weights: every lane a UNIT of each at a time, as integers (v_dot4), so that weights are read once for all rows
// of x. The order of sums is that of the units of a lane, then that of the lanes; it does not depend on m. w starts at byte w_at.
#define BUFFERS IN_U32(w) IN_U32(codes) IN_F32(steps) IN_U32(sums) OUT_F32(y)
#define PARAMS uint m; uint n; uint k; uint w_at; uint wide;      // wide: rows of whole 16 bytes may be read 16 bytes at a time
#include "tuned.h"

#ifndef GK_MANIFEST
#define ROWS 2u

// The sum of 16 codes: number `half` of the two in a word.
FN int sum_of(uint word, uint half) { return (int)(half == 0u ? word << 16 : word) >> 16; }

// 4 * count bytes from byte `at`, which is even; for an odd half word the words around it are read.
template <uint count> FN void bytes_at(const uint* w, size_t at, uint* to) {
  const uint* words = w + at / 4u;
  uint low = words[0], shift = (uint)at % 4u * 8u;
  UNROLL for (uint i = 0u; i < count; i++) {
    uint high = i + 1u < count || shift != 0u ? words[i + 1u] : 0u;
    to[i] = shifted(low, high, shift);
    low = high;
  }
}

FN uint half_at(const uint* w, size_t at) { return w[at / 4u] >> (uint)at % 4u * 8u & 0xffffu; }
FN int signed_byte_at(const uint* w, size_t at) { return (int)(w[at / 4u] << (24u - (uint)at % 4u * 8u)) >> 24; }

#include FORMAT

KERNEL {
  uint lane = thread() % 32u, first = (group() * (THREADS / 32u) + thread() / 32u) * ROWS;
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
