// Dot products of 16 rows x 4 columns with 4 activations: sdot, one per q register of 4 rows.
#pragma once
#include <arm_neon.h>
#include "quant.h"

#define FUSED_TOKENS 2                     // tokens that the registers hold in the fused kernels
#define SIGNED_QUADS 1                     // sdot wants signed weights; 0..63 is the same either way
typedef i32x16 Sum4;

// The bytes of 0..15 as levels: a table of 16 in every 128 bits.
INLINE u32x16 look_up(u32x16 levels, u32x16 codes) {
  union { u32x16 v; uint8x16_t q[4]; } t = {levels}, c = {codes}, r;
  UNROLL for (int i = 0; i < 4; i++) r.q[i] = vqtbl1q_u8(t.q[0], c.q[i]);
  return r.v;
}
INLINE i32x16 dot_d32(i32x16 v, u32x16 w, const int8_t* a) {
  int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(*(const i32_any*)a));
  union { i32x16 v; int32x4_t q[4]; } r = {v};
  union { u32x16 v; int8x16_t q[4]; } u = {w};
  UNROLL for (int i = 0; i < 4; i++) r.q[i] = vdotq_s32(r.q[i], u.q[i], x);
  return r.v;
}
INLINE i32x16 start_d32(const int32_t* c) { (void)c; return (i32x16){}; }
INLINE i32x16 dot_u6(i32x16 v, u32x16 w, const int8_t* a) { return dot_d32(v, w, a); }
INLINE Sum4 sum4_zero(void) { return (i32x16){}; }
INLINE Sum4 sum4_add(Sum4 v, u32x16 w, const int8_t* a) { return dot_d32(v, w, a); }
INLINE i32x16 sum4_end(Sum4 v) { return v; }
INLINE i32x16 dot_pairs(i32x16 v, u32x16 w, const int16_t* s) {
  return v + (i32x16)(w & 0xffff) * (int32_t)s[0] + (i32x16)(w >> 16) * (int32_t)s[1];
}
