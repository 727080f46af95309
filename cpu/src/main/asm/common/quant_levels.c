// The entries of the formats of quant_codes.h: quant_matmul_<format>, quant_matmul_ordered_<format>, quant_pack_<format>,
// dequant_<format> and quant_rows_<format>, with the arguments of quant_matmul.c and quant_blocks.c.

#include "quant_entries.h"

#define FORMAT(format, levels, elements, bytes)                                                                      \
  LEVEL_KERNELS(format, levels, elements, bytes)                                                                     \
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
