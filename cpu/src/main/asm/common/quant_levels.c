// The entries of the formats of quant_codes.h: quant_matmul_<format>, quant_matmul_ordered_<format>, quant_pack_<format>,
// dequant_<format> and quant_rows_<format>, with the arguments of quant_matmul.c and quant_blocks.c.

#include "quant_levels.h"

#if FUSED_TOKENS == 4
#define FUSED_FEW(format)                                                                                            \
  FUSED_T(format, 1)                                                                                                 \
  FUSED_T(format, 2)                                                                                                 \
  FUSED_T(format, 3)                                                                                                 \
  FUSED_T(format, 4)                                                                                                 \
  INLINE void few_##format(const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t, Scratch* s) {          \
    if (p->m == 1) few_##format##_1(kind, p, g, t, s);                                                               \
    else if (p->m == 2) few_##format##_2(kind, p, g, t, s);                                                          \
    else if (p->m == 3) few_##format##_3(kind, p, g, t, s);                                                          \
    else few_##format##_4(kind, p, g, t, s);                                                                         \
  }
#else
#define FUSED_FEW(format)                                                                                            \
  FUSED_T(format, 1)                                                                                                 \
  FUSED_T(format, 2)                                                                                                 \
  INLINE void few_##format(const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t, Scratch* s) {          \
    if (p->m - t == 1) few_##format##_1(kind, p, g, t, s);                                                           \
    else few_##format##_2(kind, p, g, t, s);                                                                         \
  }
#endif
#define FUSED_T(format, T)                                                                                           \
  NOINLINE void few_##format##_##T(const Kind* kind, const QuantMatmul* p, int64_t g, int64_t t, Scratch* s) {  \
    fused_levels(shape_##format, scales_##format, T, kind, p, g, t, s);                                              \
  }

// Keeps the addresses out of constants, which would need relocations.
INLINE Kind kind_of(Codes* codes, Head* head, Unpack* unpack, const int8_t* levels, int64_t elements, int64_t bytes, Shape shape) {
  __asm__("" : "+r"(codes), "+r"(head), "+r"(unpack), "+r"(levels));
  return (Kind){codes, head, unpack, levels, elements, bytes, shape};
}

#define FORMAT(format, levels, elements, bytes)                                                                      \
  NOINLINE void unpack_##format(const uint8_t* super, const int8_t* table, Unit* u) {                                \
    unpack_levels(shape_##format, scales_##format, super, table, u);                                                 \
  }                                                                                                                  \
  INLINE Kind kind_##format(void) {                                                                                  \
    return kind_of(codes_##format, head_##format, unpack_##format, levels, elements, bytes, shape_##format);          \
  }                                                                                                                  \
  FUSED_FEW(format)                                                                                                  \
  ENTRY("pllp>v") void quant_matmul_##format(const QuantMatmul* p, int64_t g0, int64_t g1, void* scratch) {          \
    Kind kind = kind_##format();                                                                                     \
    if (p->m > 4) {                                                                                                  \
      tiled_levels(&kind, p, g0, g1, scratch);                                                                       \
      return;                                                                                                        \
    }                                                                                                                \
    for (int64_t g = g0; g < g1; g++)                                                                                \
      for (int64_t t = 0; t < p->m; t += FUSED_TOKENS) few_##format(&kind, p, g, t, scratch);                        \
  }                                                                                                                  \
  ENTRY("pllp>v") void quant_matmul_ordered_##format(const QuantMatmul* p, int64_t g0, int64_t g1, void* scratch) {  \
    Kind kind = kind_##format();                                                                                     \
    for (int64_t t0 = 0; t0 < p->m; t0 += TOKENS)                                                                    \
      for (int64_t g = g0; g < g1; g++) ordered_levels(&kind, p, g, t0, min64(TOKENS, p->m - t0), scratch);          \
  }                                                                                                                  \
  ENTRY("plpllll>v") void quant_pack_##format(const uint8_t* w, int64_t row_bytes, uint8_t* out, int64_t n, int64_t k, \
                                              int64_t g0, int64_t g1) {                                              \
    Kind kind = kind_##format();                                                                                     \
    for (int64_t g = g0; g < g1; g++)                                                                                \
      for (int64_t b = 0; b < supers(k); b++)                                                                        \
        pack_levels(&kind, w, row_bytes, n, k, g, b, out + g * group_bytes(shape_##format, k) + b * super_bytes(shape_##format)); \
  }                                                                                                                  \
  ENTRY("ppl>v") void dequant_##format(const uint8_t* blocks, float* out, int64_t count) {                           \
    Kind kind = kind_##format();                                                                                     \
    dequant_levels(&kind, blocks, count, out);                                                                       \
  }                                                                                                                  \
  ENTRY("plpplll>v") void quant_rows_##format(const uint8_t* table, int64_t row_bytes, const int32_t* ids, float* out, int64_t k, \
                                              int64_t i0, int64_t i1) {                                              \
    Kind kind = kind_##format();                                                                                     \
    for (int64_t i = i0; i < i1; i++) dequant_levels(&kind, table + ids[i] * row_bytes, k / elements, out + i * k);  \
  }

FORMAT(q4_1, LEVELS_UNSIGNED, 32, 20)
FORMAT(q5_0, LEVELS_FIVE, 32, 22)
FORMAT(q5_1, LEVELS_UNSIGNED, 32, 24)
FORMAT(q2_k, LEVELS_UNSIGNED, 256, 84)
FORMAT(q3_k, LEVELS_THREE, 256, 110)
FORMAT(q5_k, LEVELS_UNSIGNED, 256, 176)
FORMAT(iq1_s, LEVELS_IQ1, 256, 50)
FORMAT(iq1_m, LEVELS_IQ1, 256, 56)
FORMAT(iq2_xxs, LEVELS_IQ2, 256, 66)
FORMAT(iq2_xs, LEVELS_IQ2, 256, 74)
FORMAT(iq2_s, LEVELS_IQ2, 256, 82)
FORMAT(iq3_xxs, LEVELS_IQ3_XXS, 256, 98)
FORMAT(iq3_s, LEVELS_IQ3_S, 256, 110)
FORMAT(iq4_nl, LEVELS_NL, 32, 18)
FORMAT(iq4_xs, LEVELS_NL, 256, 136)
FORMAT(tq1_0, LEVELS_TERNARY, 256, 54)
FORMAT(tq2_0, LEVELS_TERNARY, 256, 66)
FORMAT(mxfp4, LEVELS_FP4, 32, 17)
FORMAT(nvfp4, LEVELS_FP4, 64, 36)
FORMAT(q1_0, LEVELS_SIGN, 128, 18)
FORMAT(q2_0, LEVELS_TERNARY, 64, 18)
