// The formats that are packed more densely where the processor has AVX512-VBMI (quant_trits.h): quant_matmul_dense_<format>,
// quant_matmul_ordered_dense_<format> and quant_pack_dense_<format>, which the caller takes instead of those without "dense". Decoding
// to f32 is the same.
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512vbmi"))), apply_to = function)
#pragma clang diagnostic ignored "-Wunused-function"   // the headers have all formats
#define QUANT_TRITS
#include "quant_entries.h"

#define codes_dense_tq1_0 codes_tq1_0
#define codes_dense_iq1_s codes_iq1_s
#define codes_dense_iq1_m codes_iq1_m

LEVEL_KERNELS(dense_tq1_0, LEVELS_TERNARY, 256, 54)
LEVEL_KERNELS(dense_iq1_s, LEVELS_IQ1, 256, 50)
LEVEL_KERNELS(dense_iq1_m, LEVELS_IQ1, 256, 56)
#pragma clang attribute pop
