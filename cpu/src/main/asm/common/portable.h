// The portable functions of math.inc on vectors: single-precision + - * rounded one by one, conversions and integer operations, so
// that every lane has the bits of every other backend. REPRODUCIBLE results are built from these.
#pragma once
#include "simd.h"

typedef int32_t portable_int __attribute__((vector_size(4 * VL)));

INLINE vf portable_mad(vf a, vf b, vf c) { return vadd(vmul(a, b), c); }

// 1 / x for x in 2^-126 .. 2^126, by Newton's method from a bit trick.
INLINE vf portable_recip(vf x) {
    vf y = (vf)(0x7ef311c7 - (portable_int)x), minus_x = vneg(x), two = vset(2.0f);
    UNROLLED for (int i = 0; i < 3; i++) y = vmul(y, portable_mad(minus_x, y, two));
    return portable_mad(portable_mad(minus_x, y, vset(1.0f)), y, y);
}

// e^x: zero below -86.9, infinity above 88.72, NaN stays NaN.
INLINE vf portable_exp(vf x) {
    vf inside = vmin(vset(88.72f), vmax(vset(-86.9f), x));
    inside = vselect(vnan(x), vzero(), inside);
    vf half = vselect(vless(inside, vzero()), vset(-0.5f), vset(0.5f));
    portable_int n = __builtin_convertvector(portable_mad(inside, vset(1.44269504f), half), portable_int);
    vf m = __builtin_convertvector(n, vf);
    vf r = portable_mad(m, vset(2.12194440e-4f), portable_mad(m, vset(-0.693359375f), inside));
    vf q = portable_mad(vset(1.9875691500e-4f), r, vset(1.3981999507e-3f));
    q = portable_mad(q, r, vset(8.3334519073e-3f));
    q = portable_mad(q, r, vset(4.1665795894e-2f));
    q = portable_mad(q, r, vset(1.6666665459e-1f));
    q = portable_mad(q, r, vset(5.0000001201e-1f));
    q = vadd(portable_mad(q, vmul(r, r), r), vset(1.0f));
    q = vmul(vmul(q, (vf)((n + 126) << 23)), vset(2.0f));
    q = vselect(vless(x, vset(-86.9f)), vzero(), q);
    q = vselect(vless(vset(88.72f), x), vset(__builtin_inff()), q);
    return vselect(vnan(x), x, q);
}

INLINE vf portable_sigmoid(vf x) {
    vm negative = vless(x, vzero());
    vf e = portable_exp(vselect(negative, x, vneg(x)));
    vf s = portable_recip(vadd(vset(1.0f), e));
    return vselect(negative, vmul(e, s), s);
}

INLINE vf portable_silu(vf x) { return vmul(x, portable_sigmoid(x)); }

// The tanh form, as x * sigmoid(2u).
INLINE vf portable_gelu(vf x) {
    vf u = vmul(portable_mad(vmul(vmul(vset(0.044715f), x), x), x, x), vset(1.59576912f));
    return vmul(x, portable_sigmoid(u));
}
