// How a block of activations becomes integers: shared by the layouts of quant_act.c and quant_act_runs.c.
//
// One rule for blocks of 32 and 256, the same integers on every instruction set: a = largest |x|, d = a / 127,
// q = round_to_nearest_even(x * (127 / a)). Where 127 / a would overflow, x and a are scaled by 2^100 first. A NaN or an
// infinity in a block makes its d NaN or infinite and all its q zero, so it reaches the result and never the integer sums.
#pragma once
#include "quant.h"

// How a block is scaled: its d, and q = round(x * up * inverse). `up` is 1 except for tiny blocks.
typedef struct { float d, up, inverse; } Scale;

INLINE u32x16 magnitude(f32x16 v) { return (u32x16)v & 0x7fffffffu; }   // ordered like floats, NaN above infinity

INLINE Scale scale_of(u32x16 largest) {
  uint32_t bits = __builtin_reduce_max(largest);
  float a;
  __builtin_memcpy(&a, &bits, 4);
  float up = a < 0x1p-100f ? 0x1p100f : 1.0f;
  return (Scale){a / 127.0f, up, a > 0.0f && a <= __FLT_MAX__ ? 127.0f / (a * up) : 0.0f};
}
INLINE Scale scale_32(const float* x) { return scale_of(__builtin_elementwise_max(magnitude(load_f(x)), magnitude(load_f(x + 16)))); }
INLINE Scale scale_256(const float* x) {
  u32x16 largest = {};
  UNROLL for (int i = 0; i < 16; i++) largest = __builtin_elementwise_max(largest, magnitude(load_f(x + 16 * i)));
  return scale_of(largest);
}
// 0 * infinity and 0 * NaN count as 0. |v| < 2^22: the sum with 1.5 * 2^23 rounds to even in its last bit.
INLINE i32x16 sixteen(const float* x, Scale s) {
  f32x16 v = load_f(x) * s.up * s.inverse;
  v = (f32x16)((i32x16)v & (i32x16)(v == v));
  return (i32x16)(v + 12582912.0f) - 0x4b400000;
}
INLINE void store_q(int8_t* to, i32x16 q) { *(i8x16_any*)to = __builtin_convertvector(q, i8x16); }

INLINE i32x16 import_16(const uint8_t* from, int8_t* to) {   // -128 is not a value of these blocks; it becomes -127
  i32x16 q = __builtin_convertvector(*(const i8x16_any*)from, i32x16);
  q = __builtin_elementwise_max(q, (i32x16){} - 127);
  store_q(to, q);
  return q;
}
