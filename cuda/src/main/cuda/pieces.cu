// Rows of f32 as sums of `pieces` numbers of TYPE for mma_gemm.cu: a[piece][m][k], and what undoes the power of two of each row. A warp has
// a row of pairs from whole 8 bytes on.
#define BUFFERS IN_F32(x) OUT_U32(a) OUT_F32(lower)
#define PARAMS uint m; uint k; uint pieces;
#define THREADS 128
#include "tuned.cuh"
#include "mma.inc"
#include "pieces.inc"

#ifndef GK_MANIFEST
KERNEL {
  uint lane = threadIdx.x % 32u, row = group() * (THREADS / 32u) + threadIdx.x / 32u, pairs = p.k / 2u;
  if (row >= p.m) return;
  const float2* from = (const float2*)(x + (size_t)row * p.k);
  float largest = 0.0f;
#if TYPE == F16
  for (uint i = lane; i < pairs; i += 32u) {
    float2 v = from[i];
    largest = fmaxf(largest, fmaxf(fabsf(v.x), fabsf(v.y)));
  }
  UNROLL for (uint by = 16u; by > 0u; by /= 2u) largest = fmaxf(largest, from_lane(largest, by));
#endif
  float raise = raise_of(largest);
  for (uint i = lane; i < pairs; i += 32u) {
    float2 v = from[i];
    float first = v.x * raise, second = v.y * raise;
    ROLLED for (uint piece = 0u; piece < p.pieces; piece++) a[((size_t)piece * p.m + row) * pairs + i] = piece_of(first, second);
  }
  if (lane == 0u) lower[row] = __fdiv_rn(1.0f, raise);
}
#endif
