// Activations for the integer dot products: quantised once per matmul, shared by all rows (layout in quant.h); and the
// canonical blocks Q8_0 and Q8_K.
#include "quant_round.h"

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
        const float* p = x + t * x_stride + at;
        Scale s = scale_32(p);
        i32x16 low = sixteen(p, s), high = sixteen(p + 16, s);
        a.d[i * 8 + j] = s.d;
        a.c[i * 8 + j] = -128 * __builtin_reduce_add(low + high);
        store_q(a.q + i * 256 + 32 * j, low);
        store_q(a.q + i * 256 + 32 * j + 16, high);
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
      Scale s = scale_256(p);
      a.d[i] = s.d;
      UNROLL for (int e = 0; e < 16; e++) {
        i32x16 q = sixteen(p + 16 * e, s);
        store_q(a.q + i * 256 + 16 * e, q);
        sum[e] = __builtin_reduce_add(q);
      }
      store_sums(&a, i, sum);
    }
  }
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
    Scale s = scale_32(x + 32 * b);
    _Float16 d = (_Float16)s.d;
    __builtin_memcpy(out, &d, 2);
    store_q((int8_t*)out + 2, sixteen(x + 32 * b, s));
    store_q((int8_t*)out + 18, sixteen(x + 32 * b + 16, s));
  }
}

// f32 -> Q8_K blocks: the integers and the scale of quant_act_256.
ENTRY("ppl>v") void quantize_q8_k(const float* x, uint8_t* out, int64_t blocks) {
  for (int64_t b = 0; b < blocks; b++, out += 292) {
    Scale s = scale_256(x + 256 * b);
    *(f32_any*)out = s.d;
    UNROLL for (int e = 0; e < 16; e++) {
      i32x16 q = sixteen(x + 256 * b + 16 * e, s);
      store_q((int8_t*)out + 4 + 16 * e, q);
      *(u16_any*)(out + 260 + 2 * e) = (uint16_t)__builtin_reduce_add(q);
    }
  }
}
