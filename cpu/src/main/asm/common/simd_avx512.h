// AVX-512 (F BW DQ VL) definitions of simd.h.
#pragma once
#include <immintrin.h>

#define VL 16
typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

INLINE vm part(int64_t n) { return (vm)_bzhi_u32(0xffff, (uint32_t)n); }

INLINE vf vzero(void) { return _mm512_setzero_ps(); }
INLINE vf vset(float x) { return _mm512_set1_ps(x); }
INLINE vf vload(const float* p) { return _mm512_loadu_ps(p); }
INLINE void vstore(float* p, vf v) { _mm512_storeu_ps(p, v); }
INLINE void vstream(float* p, vf v) { _mm512_stream_ps(p, v); }
INLINE void vstream_end(void) { _mm_sfence(); }
INLINE vf load_part_f32(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(part(n), p); }
INLINE void store_part_f32(float* p, vf v, int64_t n) { _mm512_mask_storeu_ps(p, part(n), v); }
INLINE void prefetch_near(const void* p) { _mm_prefetch((const char*)p, _MM_HINT_T0); }
INLINE void prefetch_far(const void* p) { _mm_prefetch((const char*)p, _MM_HINT_T1); }

INLINE vf vadd(vf a, vf b) { return _mm512_add_ps(a, b); }
INLINE vf vsub(vf a, vf b) { return _mm512_sub_ps(a, b); }
INLINE vf vmul(vf a, vf b) { return _mm512_mul_ps(a, b); }
INLINE vf vdiv(vf a, vf b) { return _mm512_div_ps(a, b); }
INLINE vf vmax(vf a, vf b) { return _mm512_max_ps(a, b); }
INLINE vf vmin(vf a, vf b) { return _mm512_min_ps(a, b); }
INLINE vf vsqrt(vf a) { return _mm512_sqrt_ps(a); }
INLINE vf vfma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }    // a * b + c
INLINE vf vfnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a * b
INLINE vf vabs(vf a) { return _mm512_abs_ps(a); }
INLINE vf vneg(vf a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
INLINE vf vsign_of(vf magnitude, vf sign) {  // magnitude >= 0
    return _mm512_or_ps(magnitude, _mm512_and_ps(sign, _mm512_set1_ps(-0.0f)));
}
INLINE vf vround(vf a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vf vscale2(vf a, vf n) { return _mm512_scalef_ps(a, n); }  // a * 2^n, n integral in [-151, 129], one rounding

INLINE vm vless(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
INLINE vm vnan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
INLINE vm vmask_or(vm a, vm b) { return (vm)(a | b); }
INLINE int vany(vm m) { return m != 0; }
INLINE vf vselect(vm m, vf yes, vf no) { return _mm512_mask_blend_ps(m, no, yes); }
INLINE vm vpart(int64_t n) { return part(n); }  // lanes below n, 0 <= n <= VL

INLINE float vsum(vf v) {
    __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}
INLINE float vmax_lane(vf v) { return _mm512_reduce_max_ps(v); }  // no NaN

INLINE vf load_f16(const half_t* p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)p)); }
INLINE vf load_part_f16(const half_t* p, int64_t n) { return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(part(n), p)); }
INLINE void store_f16(half_t* p, vf v) { _mm256_storeu_si256((__m256i*)p, _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT)); }
INLINE void store_part_f16(half_t* p, vf v, int64_t n) {
    _mm256_mask_storeu_epi16(p, part(n), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

INLINE vf widen_bf16(__m256i h) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16)); }
// Integer rounding, because vcvtneps2bf16 flushes subnormals.
INLINE __m256i narrow_bf16(vf v) {
    __m512i bits = _mm512_castps_si512(v);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    rounded = _mm512_mask_or_epi32(rounded, vnan(v), bits, _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
}
INLINE vf load_bf16(const bfloat_t* p) { return widen_bf16(_mm256_loadu_si256((const __m256i*)p)); }
INLINE vf load_part_bf16(const bfloat_t* p, int64_t n) { return widen_bf16(_mm256_maskz_loadu_epi16(part(n), p)); }
INLINE void store_bf16(bfloat_t* p, vf v) { _mm256_storeu_si256((__m256i*)p, narrow_bf16(v)); }
INLINE void store_part_bf16(bfloat_t* p, vf v, int64_t n) { _mm256_mask_storeu_epi16(p, part(n), narrow_bf16(v)); }

INLINE float vfirst(vf v) { return _mm512_cvtss_f32(v); }

// Pairs (2i, 2i+1): swapped; sign of the even lanes turned; each of VL/2 floats, or the first n of them, in both lanes.
INLINE vf vswap(vf v) { return _mm512_permute_ps(v, 0xb1); }
INLINE vf vneg_even(vf v) { return _mm512_xor_ps(v, _mm512_castsi512_ps(_mm512_set1_epi64(0x80000000))); }
INLINE vf twice(__m256 v) {
    const __m512i lanes = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return _mm512_permutexvar_ps(lanes, _mm512_castps256_ps512(v));
}
INLINE vf load_twice(const float* p) { return twice(_mm256_loadu_ps(p)); }
INLINE vf load_part_twice(const float* p, int64_t n) { return twice(_mm256_maskz_loadu_ps((__mmask8)part(n), p)); }

// Lane i = sum of the lanes of r[i].
INLINE vf vsums(const vf* r) {
    vf a[8], b[4];
    for (int i = 0; i < 8; i++) a[i] = _mm512_add_ps(_mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]), _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]));
    for (int i = 0; i < 4; i++) {
        __m512d x = _mm512_castps_pd(a[2 * i]), y = _mm512_castps_pd(a[2 * i + 1]);
        b[i] = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)), _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
    }
    vf low = _mm512_add_ps(_mm512_shuffle_f32x4(b[0], b[1], 0x88), _mm512_shuffle_f32x4(b[0], b[1], 0xdd));
    vf high = _mm512_add_ps(_mm512_shuffle_f32x4(b[2], b[3], 0x88), _mm512_shuffle_f32x4(b[2], b[3], 0xdd));
    return _mm512_add_ps(_mm512_shuffle_f32x4(low, high, 0x88), _mm512_shuffle_f32x4(low, high, 0xdd));
}
