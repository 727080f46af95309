// GGUF blocks to f32: whole tensors, and rows picked by index (embedding). The order of operations is that of the format
// description, so the results are exact to the bit.
#include "quant.h"

NOINLINE void decode_q4_0(const uint8_t* b, float* out) {
  float d = half_at(b);
  for (int e = 0; e < 16; e++) {
    out[e] = d * (float)((b[2 + e] & 15) - 8);
    out[e + 16] = d * (float)((b[2 + e] >> 4) - 8);
  }
}

NOINLINE void decode_q8_0(const uint8_t* b, float* out) {
  float d = half_at(b);
  for (int e = 0; e < 32; e++) out[e] = d * (float)(int8_t)b[2 + e];
}

NOINLINE void decode_q8_1(const uint8_t* b, float* out) {
  float d = half_at(b);
  for (int e = 0; e < 32; e++) out[e] = d * (float)(int8_t)b[4 + e];
}

NOINLINE void decode_q4_k(const uint8_t* b, float* out) {
  float d = half_at(b), dmin = half_at(b + 2);
  const uint8_t* s = b + 4;
  for (int j = 0; j < 8; j++) {
    int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
    int min = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6) << 4;
    float ds = d * (float)scale, dm = dmin * (float)min;
    const uint8_t* q = b + 16 + 32 * (j >> 1);
    int shift = 4 * (j & 1);
    for (int e = 0; e < 32; e++) out[32 * j + e] = ds * (float)(q[e] >> shift & 15) - dm;
  }
}

NOINLINE void decode_q6_k(const uint8_t* b, float* out) {
  float d = half_at(b + 208);
  for (int half = 0; half < 2; half++) {
    for (int part = 0; part < 4; part++) {
      const uint8_t *low = b + 64 * half + 32 * (part & 1), *high = b + 128 + 32 * half;
      const int8_t* scales = (const int8_t*)b + 192 + 8 * half + 2 * part;
      for (int e = 0; e < 32; e++) {
        int q = ((part < 2 ? low[e] & 15 : low[e] >> 4) | (high[e] >> (2 * part) & 3) << 4) - 32;
        out[128 * half + 32 * part + e] = d * (float)scales[e >> 4] * (float)q;
      }
    }
  }
}

NOINLINE void decode_q8_k(const uint8_t* b, float* out) {
  float d = *(const f32_any*)b;
  for (int e = 0; e < 256; e++) out[e] = d * (float)(int8_t)b[4 + e];
}

#define DEQUANT(format, elements, bytes)                                                                             \
  ENTRY("ppl>v") void dequant_##format(const uint8_t* blocks, float* out, int64_t count) {                           \
    for (int64_t b = 0; b < count; b++) decode_##format(blocks + b * bytes, out + b * elements);                     \
  }

// out[i] = row ids[i] of a table of rows of k columns, row_bytes apart, for i in i0..i1. The ids are in range.
#define ROWS_OF(format, elements, bytes)                                                                             \
  ENTRY("plpplll>v") void quant_rows_##format(const uint8_t* table, int64_t row_bytes, const int32_t* ids, float* out, int64_t k, \
                                              int64_t i0, int64_t i1) {                                              \
    for (int64_t i = i0; i < i1; i++) {                                                                              \
      const uint8_t* row = table + ids[i] * row_bytes;                                                               \
      for (int64_t b = 0; b < k / elements; b++) decode_##format(row + b * bytes, out + i * k + b * elements);       \
    }                                                                                                                \
  }

DEQUANT(q4_0, 32, 18)
DEQUANT(q8_0, 32, 34)
DEQUANT(q8_1, 32, 36)
DEQUANT(q4_k, 256, 144)
DEQUANT(q6_k, 256, 210)
DEQUANT(q8_k, 256, 292)
ROWS_OF(q4_0, 32, 18)
ROWS_OF(q8_0, 32, 34)
ROWS_OF(q4_k, 256, 144)
ROWS_OF(q6_k, 256, 210)
