// AVX2 + FMA + F16C definitions of simd.h.
#pragma once
#include <immintrin.h>

#define VL 8
typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm;

static const int32_t part_mask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
INLINE __m256i part(int64_t n) { return _mm256_loadu_si256((const __m256i*)(part_mask + 8 - n)); }

INLINE vf vzero(void) { return _mm256_setzero_ps(); }
INLINE vf vset(float x) { return _mm256_set1_ps(x); }
INLINE vf vload(const float* p) { return _mm256_loadu_ps(p); }
INLINE void vstore(float* p, vf v) { _mm256_storeu_ps(p, v); }
INLINE void vstream(float* p, vf v) { _mm256_stream_ps(p, v); }
INLINE void vstream_end(void) { _mm_sfence(); }
INLINE vf load_part_f32(const float* p, int64_t n) { return _mm256_maskload_ps(p, part(n)); }
INLINE void store_part_f32(float* p, vf v, int64_t n) { _mm256_maskstore_ps(p, part(n), v); }
INLINE void prefetch_near(const void* p) { _mm_prefetch((const char*)p, _MM_HINT_T0); }
INLINE void prefetch_far(const void* p) { _mm_prefetch((const char*)p, _MM_HINT_T1); }

INLINE vf vadd(vf a, vf b) { return _mm256_add_ps(a, b); }
INLINE vf vsub(vf a, vf b) { return _mm256_sub_ps(a, b); }
INLINE vf vmul(vf a, vf b) { return _mm256_mul_ps(a, b); }
INLINE vf vdiv(vf a, vf b) { return _mm256_div_ps(a, b); }
INLINE vf vmax(vf a, vf b) { return _mm256_max_ps(a, b); }
INLINE vf vmin(vf a, vf b) { return _mm256_min_ps(a, b); }
INLINE vf vsqrt(vf a) { return _mm256_sqrt_ps(a); }
INLINE vf vfma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }    // a * b + c
INLINE vf vfnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }  // c - a * b
INLINE vf vabs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
INLINE vf vneg(vf a) { return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f)); }
INLINE vf vsign_of(vf magnitude, vf sign) {  // magnitude >= 0
    return _mm256_or_ps(magnitude, _mm256_and_ps(sign, _mm256_set1_ps(-0.0f)));
}
INLINE vf vround(vf a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
// a * 2^n, n integral in [-151, 129]: two factors, so that only the last product rounds into the subnormals.
INLINE vf vscale2(vf a, vf n) {
    __m256i e = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(e, 1), bias = _mm256_set1_epi32(127);
    __m256 first = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
    __m256 second = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(e, half), bias), 23));
    return _mm256_mul_ps(_mm256_mul_ps(a, first), second);
}

INLINE vm vless(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
INLINE vm vnan(vf a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
INLINE vm vmask_or(vm a, vm b) { return _mm256_or_ps(a, b); }
INLINE int vany(vm m) { return _mm256_movemask_ps(m) != 0; }
INLINE vf vselect(vm m, vf yes, vf no) { return _mm256_blendv_ps(no, yes, m); }
INLINE vm vpart(int64_t n) { return _mm256_castsi256_ps(part(n)); }  // lanes below n, 0 <= n <= VL

INLINE float vsum(vf v) {
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}
INLINE float vmax_lane(vf v) {  // no NaN
    __m128 b = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    b = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
}

// There is no masked 16-bit access: tails go element by element.
INLINE __m128i load_part_16(const uint16_t* p, int64_t n) {
    uint16_t lanes[8] __attribute__((aligned(16))) = {0};
    for (int64_t i = 0; i < n; i++) lanes[i] = p[i];
    return _mm_load_si128((const __m128i*)lanes);
}
INLINE void store_part_16(uint16_t* p, __m128i v, int64_t n) {
    uint16_t lanes[8] __attribute__((aligned(16)));
    _mm_store_si128((__m128i*)lanes, v);
    for (int64_t i = 0; i < n; i++) p[i] = lanes[i];
}

INLINE vf load_f16(const half_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)p)); }
INLINE vf load_part_f16(const half_t* p, int64_t n) { return _mm256_cvtph_ps(load_part_16(p, n)); }
INLINE void store_f16(half_t* p, vf v) { _mm_storeu_si128((__m128i*)p, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT)); }
INLINE void store_part_f16(half_t* p, vf v, int64_t n) { store_part_16(p, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT), n); }

INLINE vf widen_bf16(__m128i h) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16)); }
INLINE __m128i narrow_bf16(vf v) {
    __m256i bits = _mm256_castps_si256(v);
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    rounded = _mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(vnan(v)));
    rounded = _mm256_srli_epi32(rounded, 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
}
INLINE vf load_bf16(const bfloat_t* p) { return widen_bf16(_mm_loadu_si128((const __m128i*)p)); }
INLINE vf load_part_bf16(const bfloat_t* p, int64_t n) { return widen_bf16(load_part_16(p, n)); }
INLINE void store_bf16(bfloat_t* p, vf v) { _mm_storeu_si128((__m128i*)p, narrow_bf16(v)); }
INLINE void store_part_bf16(bfloat_t* p, vf v, int64_t n) { store_part_16(p, narrow_bf16(v), n); }

INLINE float vfirst(vf v) { return _mm256_cvtss_f32(v); }

// Pairs (2i, 2i+1): swapped; sign of the even lanes turned; each of VL/2 floats, or the first n of them, in both lanes.
INLINE vf vswap(vf v) { return _mm256_permute_ps(v, 0xb1); }
INLINE vf vneg_even(vf v) { return _mm256_xor_ps(v, _mm256_castsi256_ps(_mm256_set1_epi64x(0x80000000))); }
INLINE vf twice(__m128 v) { return _mm256_set_m128(_mm_unpackhi_ps(v, v), _mm_unpacklo_ps(v, v)); }
INLINE vf load_twice(const float* p) { return twice(_mm_loadu_ps(p)); }
INLINE vf load_part_twice(const float* p, int64_t n) { return twice(_mm_maskload_ps(p, _mm256_castsi256_si128(part(n)))); }

// Lane i = sum of the lanes of r[i].
INLINE vf vsums(const vf* r) {
    vf low = _mm256_hadd_ps(_mm256_hadd_ps(r[0], r[1]), _mm256_hadd_ps(r[2], r[3]));
    vf high = _mm256_hadd_ps(_mm256_hadd_ps(r[4], r[5]), _mm256_hadd_ps(r[6], r[7]));
    return _mm256_add_ps(_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31));
}
