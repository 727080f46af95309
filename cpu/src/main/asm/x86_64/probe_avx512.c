// What only AVX-512 machines can do at most; see probe.c.
#include "../common/simd.h"

#define CHAINS 12

// iterations * CHAINS dot products of 32 pairs of bf16 with sums in f32: 64 * CHAINS * iterations flops.
ENTRY("l>f") float probe_dot16(int64_t iterations) {
    vf sum[CHAINS];
    __m512bh x = (__m512bh)_mm512_set1_epi16(0x3f00);
    UNROLLED for (int c = 0; c < CHAINS; c++) sum[c] = vset((float)c);
    for (int64_t i = 0; i < iterations; i++) {
        UNROLLED for (int c = 0; c < CHAINS; c++) {
            sum[c] = _mm512_dpbf16_ps(sum[c], x, x);
            __asm__ volatile("" : "+v"(sum[c]));
        }
    }
    UNROLLED for (int c = 1; c < CHAINS; c++) sum[0] = vadd(sum[0], sum[c]);
    return vsum(sum[0]);
}
