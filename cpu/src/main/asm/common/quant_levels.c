// The entries of the formats of quant_codes.h: quant_matmul_<format>, quant_matmul_ordered_<format>, quant_pack_<format>,
// dequant_<format> and quant_rows_<format>, with the arguments of quant_matmul.c and quant_blocks.c. Loops are compiled once for
// each shape; an entry names its shape and its kind.
#include "quant_levels.h"

#if FUSED_TOKENS == 4
#define FUSED_SHAPE(shape)                                                                                           \
  FUSED_T(shape, 1)                                                                                                  \
  FUSED_T(shape, 2)                                                                                                  \
  FUSED_T(shape, 3)                                                                                                  \
  FUSED_T(shape, 4)                                                                                                  \
  INLINE void few_##shape(const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t, LevelScratch* s) {           \
    if (p->m == 1) few_##shape##_1(kind, p, g, t, s);                                                                \
    else if (p->m == 2) few_##shape##_2(kind, p, g, t, s);                                                           \
    else if (p->m == 3) few_##shape##_3(kind, p, g, t, s);                                                           \
    else few_##shape##_4(kind, p, g, t, s);                                                                          \
  }
#else
#define FUSED_SHAPE(shape)                                                                                           \
  FUSED_T(shape, 1)                                                                                                  \
  FUSED_T(shape, 2)                                                                                                  \
  INLINE void few_##shape(const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t, LevelScratch* s) {           \
    if (p->m - t == 1) few_##shape##_1(kind, p, g, t, s);                                                            \
    else few_##shape##_2(kind, p, g, t, s);                                                                          \
  }
#endif
#define FUSED_T(shape, T)                                                                                            \
  NOINLINE void few_##shape##_##T(const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t, LevelScratch* s) {   \
    fused_levels(shape, T, kind, p, g, t, s);                                                                        \
  }

#define SHAPE(shape)                                                                                                 \
  FUSED_SHAPE(shape)                                                                                                 \
  NOINLINE void multiply_##shape(const Kind* kind, const QuantMatmul* p, int64_t g0, int64_t g1, LevelScratch* s) {  \
    if (p->m > 4) {                                                                                                  \
      tiled_levels(shape, kind, p, g0, g1, s);                                                                       \
      return;                                                                                                        \
    }                                                                                                                \
    for (int64_t g = g0; g < g1; g++)                                                                                \
      for (int64_t t = 0; t < p->m; t += FUSED_TOKENS) few_##shape(kind, p, g, t, s);                                \
  }                                                                                                                  \
  NOINLINE void in_order_##shape(const Kind* kind, const QuantMatmul* p, int64_t g0, int64_t g1, LevelScratch* s) {  \
    for (int64_t t0 = 0; t0 < p->m; t0 += TOKENS)                                                                    \
      for (int64_t g = g0; g < g1; g++) ordered_levels(shape, kind, p, g, t0, min64(TOKENS, p->m - t0), s);          \
  }                                                                                                                  \
  NOINLINE void pack_##shape(const Kind* kind, const uint8_t* w, int64_t row_bytes, uint8_t* out, int64_t n, int64_t k, int64_t g) { \
    for (int64_t b = 0; b < supers(k); b++)                                                                          \
      pack_levels(shape, kind, w, row_bytes, n, k, g, b, out + g * group_bytes(shape, k) + b * 4 * chunk_bytes(shape)); \
  }                                                                                                                  \
  NOINLINE void dequant_##shape(const Kind* kind, const uint8_t* blocks, int64_t count, float* out) {                \
    dequant_levels(shape, kind, blocks, count, out);                                                                 \
  }

// Keeps the addresses out of constants, which would need relocations.
INLINE Kind kind_of(Codes* codes, const int8_t* levels, int64_t elements, int64_t bytes) {
  __asm__("" : "+r"(codes), "+r"(levels));
  return (Kind){codes, levels, elements, bytes};
}

static const Shape levels_32 = {32, 0, 0}, levels_32_min = {32, 1, 0}, levels_16 = {16, 0, 0}, levels_16_min = {16, 1, 0};
static const Shape five_32 = {32, 0, 1}, five_32_min = {32, 1, 1};

SHAPE(levels_32)
SHAPE(levels_32_min)
SHAPE(levels_16)
SHAPE(levels_16_min)
SHAPE(five_32)
SHAPE(five_32_min)

#define FORMAT(format, shape, levels, elements, bytes)                                                               \
  ENTRY("pllp>v") void quant_matmul_##format(const QuantMatmul* p, int64_t g0, int64_t g1, void* scratch) {          \
    Kind kind = kind_of(codes_##format, levels, elements, bytes);                                                    \
    multiply_##shape(&kind, p, g0, g1, scratch);                                                                     \
  }                                                                                                                  \
  ENTRY("pllp>v") void quant_matmul_ordered_##format(const QuantMatmul* p, int64_t g0, int64_t g1, void* scratch) {  \
    Kind kind = kind_of(codes_##format, levels, elements, bytes);                                                    \
    in_order_##shape(&kind, p, g0, g1, scratch);                                                                     \
  }                                                                                                                  \
  ENTRY("plpllll>v") void quant_pack_##format(const uint8_t* w, int64_t row_bytes, uint8_t* out, int64_t n, int64_t k, \
                                              int64_t g0, int64_t g1) {                                              \
    Kind kind = kind_of(codes_##format, levels, elements, bytes);                                                    \
    for (int64_t g = g0; g < g1; g++) pack_##shape(&kind, w, row_bytes, out, n, k, g);                               \
  }                                                                                                                  \
  ENTRY("ppl>v") void dequant_##format(const uint8_t* blocks, float* out, int64_t count) {                           \
    Kind kind = kind_of(codes_##format, levels, elements, bytes);                                                    \
    dequant_##shape(&kind, blocks, count, out);                                                                      \
  }                                                                                                                  \
  ENTRY("plpplll>v") void quant_rows_##format(const uint8_t* table, int64_t row_bytes, const int32_t* ids, float* out, int64_t k, \
                                              int64_t i0, int64_t i1) {                                              \
    Kind kind = kind_of(codes_##format, levels, elements, bytes);                                                    \
    for (int64_t i = i0; i < i1; i++) dequant_##shape(&kind, table + ids[i] * row_bytes, k / elements, out + i * k); \
  }

FORMAT(q4_1, levels_32_min, LEVELS_UNSIGNED, 32, 20)
FORMAT(q5_0, five_32, LEVELS_FIVE, 32, 22)
FORMAT(q5_1, five_32_min, LEVELS_UNSIGNED, 32, 24)
FORMAT(q2_k, levels_16_min, LEVELS_UNSIGNED, 256, 84)
FORMAT(q3_k, levels_16, LEVELS_THREE, 256, 110)
FORMAT(q5_k, five_32_min, LEVELS_UNSIGNED, 256, 176)
FORMAT(iq1_s, levels_32, LEVELS_IQ1, 256, 50)
FORMAT(iq1_m, levels_16, LEVELS_IQ1, 256, 56)
FORMAT(iq2_xxs, levels_32, LEVELS_IQ2, 256, 66)
FORMAT(iq2_xs, levels_16, LEVELS_IQ2, 256, 74)
FORMAT(iq2_s, levels_16, LEVELS_IQ2, 256, 82)
FORMAT(iq3_xxs, levels_32, LEVELS_IQ3_XXS, 256, 98)
FORMAT(iq3_s, levels_32, LEVELS_IQ3_S, 256, 110)
FORMAT(iq4_nl, levels_32, LEVELS_NL, 32, 18)
FORMAT(iq4_xs, levels_32, LEVELS_NL, 256, 136)
FORMAT(tq1_0, levels_32, LEVELS_TERNARY, 256, 54)
FORMAT(tq2_0, levels_32, LEVELS_TERNARY, 256, 66)
FORMAT(mxfp4, levels_32, LEVELS_FP4, 32, 17)
FORMAT(nvfp4, levels_16, LEVELS_FP4, 64, 36)
FORMAT(q1_0, levels_32, LEVELS_SIGN, 128, 18)
FORMAT(q2_0, levels_32, LEVELS_TERNARY, 64, 18)
