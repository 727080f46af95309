// v[i] lane j <-> v[j] lane i of a VL x VL block, in registers.
#pragma once
#include "simd.h"

#if defined(__AVX512F__)
// Pairs, fours, then 128-bit lanes: four rounds of 16 shuffles.
INLINE void transpose(vf* v) {
    vf t[16];
    UNROLLED for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
    UNROLLED for (int i = 0; i < 4; i++) {
        __m512d a = (__m512d)t[4 * i], b = (__m512d)t[4 * i + 1], c = (__m512d)t[4 * i + 2], d = (__m512d)t[4 * i + 3];
        v[4 * i] = (vf)_mm512_unpacklo_pd(a, c);
        v[4 * i + 1] = (vf)_mm512_unpackhi_pd(a, c);
        v[4 * i + 2] = (vf)_mm512_unpacklo_pd(b, d);
        v[4 * i + 3] = (vf)_mm512_unpackhi_pd(b, d);
    }
    UNROLLED for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(v[i], v[4 + i], 0x88);
        t[4 + i] = _mm512_shuffle_f32x4(v[i], v[4 + i], 0xdd);
        t[8 + i] = _mm512_shuffle_f32x4(v[8 + i], v[12 + i], 0x88);
        t[12 + i] = _mm512_shuffle_f32x4(v[8 + i], v[12 + i], 0xdd);
    }
    UNROLLED for (int i = 0; i < 4; i++) {
        v[i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0x88);
        v[8 + i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0xdd);
        v[4 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0x88);
        v[12 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0xdd);
    }
}
#elif defined(__AVX2__)
INLINE void transpose(vf* v) {
    vf t[8];
    UNROLLED for (int i = 0; i < 4; i++) {
        t[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
        t[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
    UNROLLED for (int i = 0; i < 2; i++) {
        __m256d a = (__m256d)t[4 * i], b = (__m256d)t[4 * i + 1], c = (__m256d)t[4 * i + 2], d = (__m256d)t[4 * i + 3];
        v[4 * i] = (vf)_mm256_unpacklo_pd(a, c);
        v[4 * i + 1] = (vf)_mm256_unpackhi_pd(a, c);
        v[4 * i + 2] = (vf)_mm256_unpacklo_pd(b, d);
        v[4 * i + 3] = (vf)_mm256_unpackhi_pd(b, d);
    }
    UNROLLED for (int i = 0; i < 4; i++) {
        t[i] = _mm256_permute2f128_ps(v[i], v[4 + i], 0x20);
        t[4 + i] = _mm256_permute2f128_ps(v[i], v[4 + i], 0x31);
    }
    UNROLLED for (int i = 0; i < 8; i++) v[i] = t[i];
}
#else
INLINE void transpose(vf* v) {
    float32x4x2_t a = vtrnq_f32(v[0], v[1]), b = vtrnq_f32(v[2], v[3]);
    v[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    v[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    v[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    v[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}
#endif
