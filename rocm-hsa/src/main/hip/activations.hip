// The activations of an integer product: codes of 8 bits in a plane of their own, so that lanes read 16 of them at once, and for
// every 32 of them the step and the sums of both halves (two times 16 bits). x is f32, quantised in blocks of BLOCK with an f32 step,
// or CODED: Q8_0 or Q8_K blocks from byte x_at.
#ifdef CODED
#define BUFFERS IN_U32(x) OUT_U32(codes) OUT_F32(steps) OUT_U32(sums)
#else
#define BUFFERS IN_F32(x) OUT_U32(codes) OUT_F32(steps) OUT_U32(sums)
#endif
#define PARAMS uint n; uint x_at;
#include "tuned.h"

#ifndef GK_MANIFEST
#define PART 128u                            // elements of a team at once, 4 of a lane
#define PARTS (BLOCK == 256u ? 2u : 1u)

#ifdef CODED
#if BLOCK == 32u
// The code words start in the middle of a word, or their blocks do.
FN uint four_codes(const uint* x, uint x_at, uint i) {
  uint at = x_at + i / 32u * 34u + 2u + i % 32u, low = x[at / 4u], shift = at % 4u * 8u;
  return shifted(low, shift == 0u ? low : x[at / 4u + 1u], shift);
}
FN float step_of(const uint* x, uint x_at, uint i) {
  uint at = x_at + i / 32u * 34u;
  return half_to_float(x[at / 4u] >> at % 4u * 8u & 0xffffu);
}
#else
FN uint four_codes(const uint* x, uint x_at, uint i) { return x[x_at / 4u + i / 256u * 73u + 1u + i % 256u / 4u]; }
FN float step_of(const uint* x, uint x_at, uint i) { return as_float(x[x_at / 4u + i / 256u * 73u]); }
#endif
#else
#define TINY 0x0d800000u                     // 2^-100: below, the factor would overflow
#define RAISE 1.2676506e30f                  // 2^100

// The codes that quantize gives, but for ties: x times 127 / largest, to nearest even; none for blocks of zeros, infinities and NaN.
FN uint code(float x, float factor, float raise) {
  float v = x * raise * factor;
  return (uint)(int)((v + 12582912.0f) - 12582912.0f) & 255u;
}
#endif

KERNEL {
  uint lane = thread() % 32u, first = (group() * (THREADS / 32u) + thread() / 32u) * PART * PARTS + lane * 4u;
  uint word[PARTS];
  float step[PARTS];
#ifdef CODED
  UNROLL for (uint part = 0u; part < PARTS; part++) {
    uint i = first + part * PART;
    word[part] = i < p.n ? four_codes(x, p.x_at, i) : 0u;
    step[part] = i < p.n ? step_of(x, p.x_at, i) : 0.0f;
  }
#else
  float v[PARTS][4];
  uint largest = 0u;
  UNROLL for (uint part = 0u; part < PARTS; part++) {
    UNROLL for (uint e = 0u; e < 4u; e++) {
      uint i = first + part * PART + e;
      v[part][e] = i < p.n ? x[i] : 0.0f;
      largest = max(largest, as_uint(v[part][e]) & 0x7fffffffu);
    }
  }
  UNROLL for (uint by = BLOCK == 256u ? 16u : 4u; by > 0u; by /= 2u) largest = max(largest, from_lane(largest, by));
  float raise = largest < TINY ? RAISE : 1.0f, top = as_float(largest) * raise;
  bool none = largest == 0u || largest >= 0x7f800000u;
  float factor = none ? 0.0f : top >= 8.5e37f ? 0.25f * recip(top * 0.25f) * 127.0f : recip(top) * 127.0f;
  UNROLL for (uint part = 0u; part < PARTS; part++) {
    step[part] = largest >= 0x7f800000u ? as_float(largest) : as_float(largest) * (1.0f / 127.0f);
    word[part] = 0u;
    UNROLL for (uint e = 0u; e < 4u; e++) word[part] |= none ? 0u : code(v[part][e], factor, raise) << 8u * e;
  }
#endif
  UNROLL for (uint part = 0u; part < PARTS; part++) {
    uint i = first + part * PART;
    int sum = dot4(word[part], 0x01010101u, 0);
    sum += from_lane(sum, 1u);
    sum += from_lane(sum, 2u);
    int other = from_lane(sum, 4u);
    if (i < p.n) codes[i / 4u] = word[part];
    if (i < p.n && lane % 8u == 0u) {
      steps[i / 32u] = step[part];
      sums[i / 32u] = ((uint)sum & 0xffffu) | (uint)other << 16;
    }
  }
}
#endif
