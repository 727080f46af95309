// What the machine can do at most, for the benchmark to relate the kernels to. Results come back so that nothing is optimised away.
#include "simd.h"

#define CHAINS 12

// iterations * CHAINS fused multiply-adds of VL floats: 2 * VL * CHAINS * iterations flops.
ENTRY("l>f") float probe_fma(int64_t iterations) {
    vf sum[CHAINS], x = vset(0.5f), y = vset(0.25f);
    UNROLLED for (int c = 0; c < CHAINS; c++) sum[c] = vset((float)c);
    for (int64_t i = 0; i < iterations; i++) {
        UNROLLED for (int c = 0; c < CHAINS; c++) sum[c] = vfma(sum[c], x, y);
    }
    UNROLLED for (int c = 1; c < CHAINS; c++) sum[0] = vadd(sum[0], sum[c]);
    return vsum(sum[0]);
}

// iterations * CHAINS steps of the best byte dot product of the target, each on 4 * VL pairs of bytes: 8 * VL * CHAINS * iterations
// operations. AVX2 has no such instruction: three make one step.
ENTRY("l>l") int64_t probe_dot8(int64_t iterations) {
    vi sum[CHAINS];
#if defined(__AVX512VNNI__)
    vi x = _mm512_set1_epi8(3);
    UNROLLED for (int c = 0; c < CHAINS; c++) sum[c] = _mm512_set1_epi32(c);
    for (int64_t i = 0; i < iterations; i++) {
        UNROLLED for (int c = 0; c < CHAINS; c++) {
            sum[c] = _mm512_dpbusd_epi32(sum[c], x, x);
            __asm__ volatile("" : "+v"(sum[c]));
        }
    }
    UNROLLED for (int c = 1; c < CHAINS; c++) sum[0] = _mm512_add_epi32(sum[0], sum[c]);
    return _mm512_reduce_add_epi32(sum[0]);
#elif defined(__AVX2__)
    vi x = _mm256_set1_epi8(3), ones = _mm256_set1_epi16(1);
    UNROLLED for (int c = 0; c < CHAINS; c++) sum[c] = _mm256_set1_epi32(c);
    for (int64_t i = 0; i < iterations; i++) {
        UNROLLED for (int c = 0; c < CHAINS; c++) {
            vi y = x;
            __asm__ volatile("" : "+x"(y));
            sum[c] = _mm256_add_epi32(sum[c], _mm256_madd_epi16(_mm256_maddubs_epi16(y, x), ones));
        }
    }
    UNROLLED for (int c = 1; c < CHAINS; c++) sum[0] = _mm256_add_epi32(sum[0], sum[c]);
    return _mm256_extract_epi32(sum[0], 0);
#else
    int8x16_t x = vdupq_n_s8(3);
    UNROLLED for (int c = 0; c < CHAINS; c++) sum[c] = vdupq_n_s32(c);
    for (int64_t i = 0; i < iterations; i++) {
        UNROLLED for (int c = 0; c < CHAINS; c++) {
            sum[c] = vdotq_s32(sum[c], x, x);
            __asm__ volatile("" : "+w"(sum[c]));
        }
    }
    UNROLLED for (int c = 1; c < CHAINS; c++) sum[0] = vaddq_s32(sum[0], sum[c]);
    return vaddvq_s32(sum[0]);
#endif
}

// Reads n floats, a multiple of 8 * VL, as one stream without prefetches.
ENTRY("pl>f") float probe_read(const float* p, int64_t n) {
    vf sum[8];
    UNROLLED for (int c = 0; c < 8; c++) sum[c] = vzero();
    for (int64_t i = 0; i < n; i += 8 * VL) {
        UNROLLED for (int c = 0; c < 8; c++) sum[c] = vadd(sum[c], vload(p + i + c * VL));
    }
    UNROLLED for (int c = 1; c < 8; c++) sum[0] = vadd(sum[0], sum[c]);
    return vsum(sum[0]);
}

// out = p, n a multiple of 4 * VL.
ENTRY("ppl>v") void probe_copy(const float* p, float* out, int64_t n) {
    for (int64_t i = 0; i < n; i += 4 * VL) {
        vf v[4];
        UNROLLED for (int c = 0; c < 4; c++) v[c] = vload(p + i + c * VL);
        UNROLLED for (int c = 0; c < 4; c++) vstore(out + i + c * VL, v[c]);
    }
}

// The same past the caches; out aligned to a vector.
ENTRY("ppl>v") void probe_copy_stream(const float* p, float* out, int64_t n) {
    for (int64_t i = 0; i < n; i += 4 * VL) {
        vf v[4];
        UNROLLED for (int c = 0; c < 4; c++) v[c] = vload(p + i + c * VL);
        UNROLLED for (int c = 0; c < 4; c++) vstream(out + i + c * VL, v[c]);
    }
    vstream_end();
}
