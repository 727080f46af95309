// Activations for the integer dot products: quantised once per matmul, shared by all rows (layout in quant.h).
//
// Rules, the same integers on every instruction set:
//   per 32  (Q8_0):  d = amax / 127, q = round(x * (1 / d)), halves away from zero, as ggml's reference
//   per 256 (Q8_K):  d = amax / 127, q = round(x * (127 / amax)), halves to even (ggml flips both signs: same products)
// amax below 2^-118 gives d = 0, q = 0 (1/d would overflow). A NaN or infinity in a block makes its d NaN or infinite and
// its q zero where the product is NaN, so it reaches the result and never the integer sums. |q| <= 127 always.
#include "quant.h"

#define TINY 0x1p-118f

INLINE f32x16 clean(f32x16 v) { return (f32x16)((i32x16)v & (i32x16)(v == v)); }
INLINE u32x16 magnitude(f32x16 v) { return (u32x16)v & 0x7fffffffu; }
INLINE float bits_to_float(uint32_t b) { float f; __builtin_memcpy(&f, &b, 4); return f; }

INLINE i32x16 round_away(f32x16 v) {
  i32x16 n = __builtin_convertvector(v, i32x16);
  f32x16 rest = v - __builtin_convertvector(n, f32x16);
  return n - (rest >= 0.5f) + (rest <= -0.5f);
}
// |v| < 2^22: the sum with 1.5 * 2^23 rounds to even in its last bit.
INLINE i32x16 round_even(f32x16 v) { return (i32x16)(v + 12582912.0f) - 0x4b400000; }

INLINE i32x16 two_vectors_32(const float* x, int half, float id) { return round_away(clean(load_f(x + 16 * half) * id)); }

// One block of 32: scale and 32 integers.
INLINE float block_32(const float* x, i32x16 q[2]) {
  float amax = bits_to_float(__builtin_reduce_max(__builtin_elementwise_max(magnitude(load_f(x)), magnitude(load_f(x + 16)))));
  float d = amax < TINY ? 0.0f : amax / 127.0f, id = amax >= TINY ? 1.0f / d : 0.0f;
  q[0] = two_vectors_32(x, 0, id);
  q[1] = two_vectors_32(x, 1, id);
  return d;
}
INLINE float scale_256(const float* x, float* id) {
  u32x16 most = {};
  UNROLL for (int i = 0; i < 16; i++) most = __builtin_elementwise_max(most, magnitude(load_f(x + 16 * i)));
  float amax = bits_to_float(__builtin_reduce_max(most));
  *id = amax >= TINY ? 127.0f / amax : 0.0f;
  return amax < TINY ? 0.0f : amax / 127.0f;
}
INLINE i32x16 sixteen_256(const float* x, int i, float id) { return round_even(clean(load_f(x + 16 * i) * id)); }
INLINE void store_q(int8_t* to, i32x16 q) { *(i8x16_any*)to = __builtin_convertvector(q, i8x16); }

// Stores the sums of a superblock in the order of the kernels; sum[i] = sum of the 16 columns from 16 i.
INLINE void store_sums(const Act* a, int64_t i, const int32_t sum[16]) {
  static const int8_t order[8] = {0, 2, 1, 3, 4, 6, 5, 7};
  UNROLL for (int e = 0; e < 16; e++) a->c[i * 16 + e] = -32 * sum[(e >> 2) + 4 * (e & 3)];
  UNROLL for (int e = 0; e < 8; e++) a->s[i * 8 + e] = (int16_t)(sum[2 * order[e]] + sum[2 * order[e] + 1]);
}
INLINE void empty_block_32(const Act* a, int64_t i, int j) {
  a->d[i * 8 + j] = 0.0f;
  a->c[i * 8 + j] = 0;
  store_q(a->q + i * 256 + 32 * j, (i32x16){});
  store_q(a->q + i * 256 + 32 * j + 16, (i32x16){});
}

// f32 rows [m][x_stride] -> activations per 32, tokens t0..t1 of m. k is a multiple of 32.
ENTRY("plpllll>v") void quant_act_32(const float* x, int64_t x_stride, void* act, int64_t m, int64_t k, int64_t t0, int64_t t1) {
  Act a = act_32(act, m, k);
  for (int64_t t = t0; t < t1; t++) {
    for (int64_t b = 0; b < supers(k); b++) {
      int64_t i = b * m + t;
      for (int j = 0; j < 8; j++) {
        int64_t at = b * SUPER + 32 * j;
        if (at >= k) {
          empty_block_32(&a, i, j);
          continue;
        }
        i32x16 q[2];
        a.d[i * 8 + j] = block_32(x + t * x_stride + at, q);
        a.c[i * 8 + j] = -128 * __builtin_reduce_add(q[0] + q[1]);
        store_q(a.q + i * 256 + 32 * j, q[0]);
        store_q(a.q + i * 256 + 32 * j + 16, q[1]);
      }
    }
  }
}

// f32 rows -> activations per 256, tokens t0..t1 of m. k is a multiple of 256.
ENTRY("plpllll>v") void quant_act_256(const float* x, int64_t x_stride, void* act, int64_t m, int64_t k, int64_t t0, int64_t t1) {
  Act a = act_256(act, m, k);
  for (int64_t t = t0; t < t1; t++) {
    for (int64_t b = 0; b < supers(k); b++) {
      const float* p = x + t * x_stride + b * SUPER;
      int64_t i = b * m + t;
      int32_t sum[16];
      float id;
      a.d[i] = scale_256(p, &id);
      UNROLL for (int e = 0; e < 16; e++) {
        i32x16 q = sixteen_256(p, e, id);
        store_q(a.q + i * 256 + 16 * e, q);
        sum[e] = __builtin_reduce_add(q);
      }
      store_sums(&a, i, sum);
    }
  }
}

INLINE i32x16 import_16(const uint8_t* from, int8_t* to) {   // -128 is not a value of these blocks; it becomes -127
  i32x16 q = __builtin_convertvector(*(const i8x16_any*)from, i32x16);
  q = __builtin_elementwise_max(q, (i32x16){} - 127);
  store_q(to, q);
  return q;
}

// Q8_0 rows (34 bytes per 32 columns, rows row_bytes apart) -> activations per 32.
ENTRY("plpllll>v") void quant_act_from_q8_0(const uint8_t* x, int64_t row_bytes, void* act, int64_t m, int64_t k, int64_t t0, int64_t t1) {
  Act a = act_32(act, m, k);
  for (int64_t t = t0; t < t1; t++) {
    for (int64_t j = 0; j < supers(k) * 8; j++) {
      int64_t i = (j >> 3) * m + t;
      if (j * 32 >= k) {
        empty_block_32(&a, i, j & 7);
        continue;
      }
      const uint8_t* block = x + t * row_bytes + j * 34;
      int8_t* q = a.q + i * 256 + 32 * (j & 7);
      a.d[i * 8 + (j & 7)] = half_at(block);
      i32x16 low = import_16(block + 2, q), high = import_16(block + 18, q + 16);
      a.c[i * 8 + (j & 7)] = -128 * __builtin_reduce_add(low + high);
    }
  }
}

// Q8_K rows (292 bytes per 256 columns; their sums are not read but made again) -> activations per 256.
ENTRY("plpllll>v") void quant_act_from_q8_k(const uint8_t* x, int64_t row_bytes, void* act, int64_t m, int64_t k, int64_t t0, int64_t t1) {
  Act a = act_256(act, m, k);
  for (int64_t t = t0; t < t1; t++) {
    for (int64_t b = 0; b < supers(k); b++) {
      const uint8_t* block = x + t * row_bytes + b * 292;
      int64_t i = b * m + t;
      int32_t sum[16];
      a.d[i] = *(const f32_any*)block;
      UNROLL for (int e = 0; e < 16; e++) sum[e] = __builtin_reduce_add(import_16(block + 4 + 16 * e, a.q + i * 256 + 16 * e));
      store_sums(&a, i, sum);
    }
  }
}

// f32 -> Q8_0 blocks: the same integers as quant_act_32, the scale rounded to f16.
ENTRY("ppl>v") void quantize_q8_0(const float* x, uint8_t* out, int64_t blocks) {
  for (int64_t b = 0; b < blocks; b++, out += 34) {
    i32x16 q[2];
    _Float16 d = (_Float16)block_32(x + 32 * b, q);
    __builtin_memcpy(out, &d, 2);
    store_q((int8_t*)out + 2, q[0]);
    store_q((int8_t*)out + 18, q[1]);
  }
}

// f32 -> Q8_K blocks: the integers and the scale of quant_act_256.
ENTRY("ppl>v") void quantize_q8_k(const float* x, uint8_t* out, int64_t blocks) {
  for (int64_t b = 0; b < blocks; b++, out += 292) {
    float id, d = scale_256(x + 256 * b, &id);
    *(f32_any*)out = d;
    UNROLL for (int e = 0; e < 16; e++) {
      i32x16 q = sixteen_256(x + 256 * b, e, id);
      store_q((int8_t*)out + 4 + 16 * e, q);
      *(u16_any*)(out + 260 + 2 * e) = (uint16_t)__builtin_reduce_add(q);
    }
  }
}
