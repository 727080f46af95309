// NEON (armv8.2-a with fp16) definitions of simd.h.
#pragma once
#include <arm_neon.h>

#define VL 4
typedef float32x4_t vf;
typedef int32x4_t vi;
typedef uint32x4_t vm;

INLINE vf vzero(void) { return vdupq_n_f32(0.0f); }
INLINE vf vset(float x) { return vdupq_n_f32(x); }
INLINE vf vload(const float* p) { return vld1q_f32(p); }
INLINE void vstore(float* p, vf v) { vst1q_f32(p, v); }
INLINE void vstream(float* p, vf v) { vst1q_f32(p, v); }  // the cores detect streams of stores themselves
INLINE void vstream_end(void) {}
INLINE vf load_part_f32(const float* p, int64_t n) {
    vf v = vld1q_lane_f32(p, vzero(), 0);
    if (n > 1) v = vld1q_lane_f32(p + 1, v, 1);
    if (n > 2) v = vld1q_lane_f32(p + 2, v, 2);
    return v;
}
INLINE void store_part_f32(float* p, vf v, int64_t n) {
    vst1q_lane_f32(p, v, 0);
    if (n > 1) vst1q_lane_f32(p + 1, v, 1);
    if (n > 2) vst1q_lane_f32(p + 2, v, 2);
}
INLINE void prefetch_near(const void* p) { __builtin_prefetch(p, 0, 3); }
INLINE void prefetch_far(const void* p) { __builtin_prefetch(p, 0, 2); }

INLINE vf vadd(vf a, vf b) { return vaddq_f32(a, b); }
INLINE vf vsub(vf a, vf b) { return vsubq_f32(a, b); }
INLINE vf vmul(vf a, vf b) { return vmulq_f32(a, b); }
INLINE vf vdiv(vf a, vf b) { return vdivq_f32(a, b); }
INLINE vm vless(vf a, vf b) { return vcltq_f32(a, b); }
INLINE vf vselect(vm m, vf yes, vf no) { return vbslq_f32(m, yes, no); }
INLINE vf vmax(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
INLINE vf vmin(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
INLINE vf vsqrt(vf a) { return vsqrtq_f32(a); }
INLINE vf vfma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }   // a * b + c
INLINE vf vfnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }  // c - a * b
INLINE vf vabs(vf a) { return vabsq_f32(a); }
INLINE vf vneg(vf a) { return vnegq_f32(a); }
INLINE vf vsign_of(vf magnitude, vf sign) { return vbslq_f32(vdupq_n_u32(0x80000000u), sign, magnitude); }
INLINE vf vround(vf a) { return vrndnq_f32(a); }
// a * 2^n, n integral in [-151, 129]: two factors, so that only the last product rounds into the subnormals.
INLINE vf vscale2(vf a, vf n) {
    int32x4_t e = vcvtq_s32_f32(n), half = vshrq_n_s32(e, 1), bias = vdupq_n_s32(127);
    vf first = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, bias), 23));
    vf second = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vsubq_s32(e, half), bias), 23));
    return vmulq_f32(vmulq_f32(a, first), second);
}

INLINE vm vnan(vf a) { return vmvnq_u32(vceqq_f32(a, a)); }
INLINE vm vmask_or(vm a, vm b) { return vorrq_u32(a, b); }
INLINE int vany(vm m) { return vmaxvq_u32(m) != 0; }
INLINE vm vpart(int64_t n) {  // lanes below n, 0 <= n <= VL
    static const uint32_t lanes[4] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(lanes), vdupq_n_u32((uint32_t)n));
}

INLINE float vsum(vf v) {
    float32x2_t b = vadd_f32(vget_low_f32(v), vget_high_f32(v));
    return vget_lane_f32(b, 0) + vget_lane_f32(b, 1);
}
INLINE float vmax_lane(vf v) { return vmaxvq_f32(v); }  // no NaN

INLINE uint16x4_t load_part_16(const uint16_t* p, int64_t n) {
    uint16x4_t v = vld1_lane_u16(p, vdup_n_u16(0), 0);
    if (n > 1) v = vld1_lane_u16(p + 1, v, 1);
    if (n > 2) v = vld1_lane_u16(p + 2, v, 2);
    return v;
}
INLINE void store_part_16(uint16_t* p, uint16x4_t v, int64_t n) {
    vst1_lane_u16(p, v, 0);
    if (n > 1) vst1_lane_u16(p + 1, v, 1);
    if (n > 2) vst1_lane_u16(p + 2, v, 2);
}

INLINE vf widen_f16(uint16x4_t h) { return vcvt_f32_f16(vreinterpret_f16_u16(h)); }
INLINE uint16x4_t narrow_f16(vf v) { return vreinterpret_u16_f16(vcvt_f16_f32(v)); }
INLINE vf load_f16(const half_t* p) { return widen_f16(vld1_u16(p)); }
INLINE vf load_part_f16(const half_t* p, int64_t n) { return widen_f16(load_part_16(p, n)); }
INLINE void store_f16(half_t* p, vf v) { vst1_u16(p, narrow_f16(v)); }
INLINE void store_part_f16(half_t* p, vf v, int64_t n) { store_part_16(p, narrow_f16(v), n); }

INLINE vf widen_bf16(uint16x4_t h) { return vreinterpretq_f32_u32(vshll_n_u16(h, 16)); }
INLINE uint16x4_t narrow_bf16(vf v) {
    uint32x4_t bits = vreinterpretq_u32_f32(v);
    uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
    rounded = vbslq_u32(vnan(v), vorrq_u32(bits, vdupq_n_u32(0x400000)), rounded);
    return vshrn_n_u32(rounded, 16);
}
INLINE vf load_bf16(const bfloat_t* p) { return widen_bf16(vld1_u16(p)); }
INLINE vf load_part_bf16(const bfloat_t* p, int64_t n) { return widen_bf16(load_part_16(p, n)); }
INLINE void store_bf16(bfloat_t* p, vf v) { vst1_u16(p, narrow_bf16(v)); }
INLINE void store_part_bf16(bfloat_t* p, vf v, int64_t n) { store_part_16(p, narrow_bf16(v), n); }

INLINE float vfirst(vf v) { return vgetq_lane_f32(v, 0); }

// Pairs (2i, 2i+1): swapped; sign of the even lanes turned; each of VL/2 floats, or the first n of them, in both lanes.
INLINE vf vswap(vf v) { return vrev64q_f32(v); }
INLINE vf vneg_even(vf v) {
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(v), vreinterpretq_u32_u64(vdupq_n_u64(0x80000000))));
}
INLINE vf twice(float32x2_t v) { return vcombine_f32(vdup_lane_f32(v, 0), vdup_lane_f32(v, 1)); }
INLINE vf load_twice(const float* p) { return twice(vld1_f32(p)); }
INLINE vf load_part_twice(const float* p, int64_t n) { return n > 1 ? load_twice(p) : twice(vld1_lane_f32(p, vdup_n_f32(0), 0)); }

// Lane i = sum of the lanes of r[i].
INLINE vf vsums(const vf* r) { return vpaddq_f32(vpaddq_f32(r[0], r[1]), vpaddq_f32(r[2], r[3])); }
