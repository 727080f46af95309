// exp, sigmoid, tanh and the normal distribution on vectors. Errors are the largest ones that scripts/test-cpu-blobs finds over
// a dense sweep; infinities and NaN come out as in the exact function.
#pragma once
#include "simd.h"

// e^x, relative error below 1.2e-7, subnormal results included.
#if defined(__AVX512F__)
// x = (n + j / 32) ln 2 + r: 2^(j/32) comes from two registers, which leaves a short polynomial (1.4 instead of 1.8 ns for a vector on
// Zen 5). Adding `magic` rounds to multiples of 1/32 and leaves j in the lowest bits, all that the permutation looks at. Where
// x is so large that r means nothing, or infinite, the bound keeps r harmless: n alone gives 0 or infinity. n keeps NaN.
INLINE vf vexp(vf x) {
    static const float powers[32] __attribute__((aligned(64))) = {
        1.0f, 0x1.059b0ep0f, 0x1.0b5586p0f, 0x1.11301ep0f, 0x1.172b84p0f, 0x1.1d4874p0f, 0x1.2387a6p0f, 0x1.29e9ep0f,
        0x1.306fep0f, 0x1.371a74p0f, 0x1.3dea64p0f, 0x1.44e086p0f, 0x1.4bfdaep0f, 0x1.5342b6p0f, 0x1.5ab07ep0f, 0x1.6247ecp0f,
        0x1.6a09e6p0f, 0x1.71f75ep0f, 0x1.7a1148p0f, 0x1.82589ap0f, 0x1.8ace54p0f, 0x1.93737cp0f, 0x1.9c4918p0f, 0x1.a5503cp0f,
        0x1.ae89fap0f, 0x1.b7f77p0f, 0x1.c199bep0f, 0x1.cb720ep0f, 0x1.d5818ep0f, 0x1.dfc974p0f, 0x1.ea4afap0f, 0x1.f50766p0f};
    vf magic = vset(0x1.8p18f), t = vfma(x, vset(1.44269504f), magic), n = vsub(t, magic);
    vf r = vfnma(n, vset(-1.90465421e-9f), vfnma(n, vset(6.93147182e-1f), x));
    r = _mm512_range_ps(r, vset(0.011f), 2);  // the one of smaller magnitude, with the sign of r
    vf power = _mm512_permutex2var_ps(vload(powers), _mm512_castps_si512(t), vload(powers + 16));
    vf p = vmul(r, vfma(r, vfma(r, vset(0.16667f), vset(0.5000042f)), vset(1.0f)));
    return vscale2(vfma(power, p, power), n);  // rounds n down
}
#else
// Juffa's coefficients. The clamps only keep n in the range of vscale2: beyond them the result is 0 or infinity already.
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
#endif

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
