// exp, sigmoid, tanh and the normal distribution on vectors. Errors are the largest ones that scripts/test-cpu-blobs finds over
// a dense sweep; infinities and NaN come out as in the exact function.
#pragma once
#include "simd.h"

// e^x, error below 1 ulp (Juffa's coefficients), subnormal results included. The clamps only keep n in the range of vscale2:
// beyond them the result is 0 or infinity already.
INLINE vf vexp(vf x) {
    x = vmin(vset(89.0f), vmax(vset(-104.0f), x));
    vf n = vround(vmul(x, vset(1.44269504f)));
    vf r = vfnma(n, vset(1.42860677e-6f), vfnma(n, vset(6.93145752e-1f), x));
    vf p = vfma(vset(1.37805939e-3f), r, vset(8.37312452e-3f));
    p = vfma(p, r, vset(4.16695364e-2f));
    p = vfma(p, r, vset(1.66664720e-1f));
    p = vfma(p, r, vset(4.99999851e-1f));
    p = vfma(p, r, vset(1.0f));
    return vscale2(vfma(p, r, vset(1.0f)), n);
}

// x * sigmoid(x)
INLINE vf vsilu(vf x) { return vdiv(x, vadd(vset(1.0f), vexp(vneg(x)))); }

// x * (1 + tanh(u)) / 2 = x / (1 + e^h), h = -2u = x (c1 + c3 x^2), u = sqrt(2/pi) (x + 0.044715 x^3). The rounding errors of
// x^2, of the bracket and of the product are carried into the result: without them the tail loses five bits.
INLINE vf vgelu(vf x) {
    vf a = vmin(vset(16.0f), vmax(vset(-16.0f), x)), c1 = vset(-1.5957692f), c3 = vset(-0.071354814f);
    vf square = vmul(a, a), square_rest = vfma(a, a, vneg(square));
    vf cubic = vmul(square, c3), g = vadd(cubic, c1);
    vf g_rest = vadd(vsub(c1, vsub(g, cubic)), vfma(square, c3, vneg(cubic)));
    g_rest = vadd(g_rest, vfma(square_rest, c3, vfma(square, vset(-2.39883240e-09f), vset(4.53406804e-08f))));
    vf h = vmul(a, g), h_rest = vfma(a, g_rest, vfma(a, g, vneg(h)));
    vf e = vexp(h);
    return vdiv(x, vfma(e, vadd(vset(1.0f), h_rest), vset(1.0f)));
}

// x * Phi(x), Phi(-a) = e^(-a^2/2) * u * Q(t) with u = 1 / (1 + 0.4 a), t = 1 - u, Q(0) = 1/2. The exponent keeps the
// rounding error of a^2/2, which would be 1e-5 of the result in the tail.
INLINE vf vgelu_erf(vf x) {
    vf a = vmin(vset(15.0f), vabs(x)), scaled = vmul(a, vset(0.4f));
    vf u = vdiv(vset(1.0f), vadd(scaled, vset(1.0f))), t = vmul(scaled, u);
    vf q = vfma(vset(-0.0319376827f), t, vset(0.111942765f));
    q = vfma(q, t, vset(-0.125406762f));
    q = vfma(q, t, vset(0.0552476596f));
    q = vfma(q, t, vset(-0.0599247379f));
    q = vfma(q, t, vset(0.0224239147f));
    q = vfma(q, t, vset(0.11674472f));
    q = vfma(q, t, vset(0.0678430912f));
    q = vfma(q, t, vset(-0.497356896f));
    q = vmul(u, vfma(q, t, vset(0.5f)));
    vf half = vmul(a, vset(0.5f)), square = vmul(half, a), rest = vfma(half, a, vneg(square));
    vf e = vexp(vneg(square));
    vf tail = vmul(q, vfnma(rest, e, e));
    return vmul(x, vselect(vless(x, vzero()), tail, vsub(vset(1.0f), tail)));
}

// A polynomial below 0.625, where 1 - 2 / (e^2a + 1) would cancel.
INLINE vf vtanh(vf x) {
    vf a = vabs(x), z = vmul(x, x);
    vf p = vfma(vset(-5.716592314e-3f), z, vset(2.065020096e-2f));
    p = vfma(p, z, vset(-5.374338597e-2f));
    p = vfma(p, z, vset(1.333149003e-1f));
    p = vfma(p, z, vset(-3.333328388e-1f));
    vf small = vfma(vmul(p, z), x, x);
    vf large = vsub(vset(1.0f), vdiv(vset(2.0f), vadd(vset(1.0f), vexp(vadd(a, a)))));
    return vselect(vless(a, vset(0.625f)), small, vsign_of(large, x));
}
