package io.gllm.kernels.cpu.scalar;

/**
 * The portable arithmetic: every function is built from single-precision + - * with a rounding after each, conversions and integer
 * operations, so that every backend computes the same bits (the device text is math.inc). It defines the results of
 * REPRODUCIBLE mode.
 */
public final class PortableMath {
  private PortableMath() {}

  /** a * b + c, rounded after the product and after the sum: Vulkan does not promise a fused operation. */
  public static float mad(float a, float b, float c) {
    return a * b + c;
  }

  /** 1 / x for x in 2^-126 .. 2^126, by Newton's method from a bit trick; 1 ulp. */
  public static float recip(float x) {
    float y = Float.intBitsToFloat(0x7ef311c7 - Float.floatToRawIntBits(x));
    y = y * mad(-x, y, 2.0f);
    y = y * mad(-x, y, 2.0f);
    y = y * mad(-x, y, 2.0f);
    return mad(mad(-x, y, 1.0f), y, y);
  }

  /** 1 / sqrt(x) for normal x > 0, by Newton's method; 2.1 ulp. Infinity gives 0, zero a large finite number. */
  public static float rsqrt(float x) {
    if (x > Float.MAX_VALUE) {
      return 0.0f;
    }
    float h = -0.5f * x;
    float y = Float.intBitsToFloat(0x5f375a86 - (Float.floatToRawIntBits(x) >>> 1));
    y = y * mad(h * y, y, 1.5f);
    y = y * mad(h * y, y, 1.5f);
    y = y * mad(h * y, y, 1.5f);
    return mad(mad(h * y, y, 0.5f), y, y);
  }

  /** e^x: zero below -86.9, so that no result is subnormal; infinity above 88.72; NaN stays NaN. 1.5 ulp (Cephes expf). */
  public static float exp(float x) {
    if (Float.isNaN(x)) {
      return x;
    }
    if (x < -86.9f) {
      return 0.0f;
    }
    if (x > 88.72f) {
      return Float.POSITIVE_INFINITY;
    }
    int n = (int) mad(x, 1.44269504f, x < 0.0f ? -0.5f : 0.5f);
    float m = n;
    float r = mad(m, 2.12194440e-4f, mad(m, -0.693359375f, x));
    float q = mad(1.9875691500e-4f, r, 1.3981999507e-3f);
    q = mad(q, r, 8.3334519073e-3f);
    q = mad(q, r, 4.1665795894e-2f);
    q = mad(q, r, 1.6666665459e-1f);
    q = mad(q, r, 5.0000001201e-1f);
    q = mad(q, r * r, r) + 1.0f;
    return q * Float.intBitsToFloat((n + 126) << 23) * 2.0f;
  }

  /** Natural logarithm of a normal x > 0 (Cephes logf); 1 ulp. Zero gives -infinity. */
  public static float log(float x) {
    if (x == 0.0f) {
      return Float.NEGATIVE_INFINITY;
    }
    if (!(x <= Float.MAX_VALUE)) {
      return x;
    }
    int bits = Float.floatToRawIntBits(x);
    int e = (bits >>> 23) - 126;
    float m = Float.intBitsToFloat((bits & 0x007fffff) | 0x3f000000);
    if (m < 0.707106781f) {
      e = e - 1;
      m = m + m;
    }
    m = m - 1.0f;
    float z = m * m;
    float p = mad(7.0376836292e-2f, m, -1.1514610310e-1f);
    p = mad(p, m, 1.1676998740e-1f);
    p = mad(p, m, -1.2420140846e-1f);
    p = mad(p, m, 1.4249322787e-1f);
    p = mad(p, m, -1.6668057665e-1f);
    p = mad(p, m, 2.0000714765e-1f);
    p = mad(p, m, -2.4999993993e-1f);
    p = mad(p, m, 3.3333331174e-1f);
    float y = m * z * p;
    float f = e;
    y = mad(f, -2.12194440e-4f, y);
    y = mad(z, -0.5f, y);
    return mad(f, 0.693359375f, m + y);
  }

  /** 1 / (1 + e^-x). */
  public static float sigmoid(float x) {
    float e = exp(x < 0.0f ? x : -x);
    float s = recip(1.0f + e);
    return x < 0.0f ? e * s : s;
  }

  /** Hyperbolic tangent: a polynomial below 0.625 (Cephes tanhf), exp above. */
  public static float tanh(float x) {
    float a = x < 0.0f ? -x : x;
    if (a < 0.625f) {
      float z = x * x;
      float p = mad(-5.70498872745e-3f, z, 2.06390887954e-2f);
      p = mad(p, z, -5.37397155531e-2f);
      p = mad(p, z, 1.33314422036e-1f);
      p = mad(p, z, -3.33332819422e-1f);
      return mad(p * z, x, x);
    }
    float t = mad(-2.0f, recipOfSum(exp(a + a)), 1.0f);
    return x < 0.0f ? -t : t;
  }

  /** 1 / (1 + e) where e may be infinite. */
  private static float recipOfSum(float e) {
    return e > 1e37f ? 0.0f : recip(1.0f + e);
  }

  /** x * sigmoid(x). */
  public static float silu(float x) {
    return x * sigmoid(x);
  }

  /** The tanh form of gelu, written as x * sigmoid(2u), which keeps its relative accuracy where 1 + tanh(u) cancels. */
  public static float gelu(float x) {
    float u = mad(0.044715f * x * x, x, x) * 1.59576912f;
    return x * sigmoid(u);
  }

  /** x * Phi(x) by the complementary error function, which keeps its relative accuracy for negative x. */
  public static float geluErf(float x) {
    float t = (x < 0.0f ? -x : x) * 0.707106781f;
    float half = 0.5f * erfc(t);
    if (x < 0.0f) {
      return x * half;
    }
    return half == 0.0f ? x : mad(-x, half, x); // infinity times zero would be NaN
  }

  /** Complementary error function for t >= 0 (Numerical Recipes 6.2, Chebyshev fit, 1.2e-7); t^2 is split so that exp stays exact. */
  static float erfc(float t) {
    if (t > 9.3f) {
      return 0.0f;
    }
    float r = recip(mad(0.5f, t, 1.0f));
    float p = mad(0.17087277f, r, -0.82215223f);
    p = mad(p, r, 1.48851587f);
    p = mad(p, r, -1.13520398f);
    p = mad(p, r, 0.27886807f);
    p = mad(p, r, -0.18628806f);
    p = mad(p, r, 0.09678418f);
    p = mad(p, r, 0.37409196f);
    p = mad(p, r, 1.00002368f);
    p = mad(p, r, -1.26551223f);
    float high = Float.intBitsToFloat(Float.floatToRawIntBits(t) & 0xfffff000);
    float low = t - high;
    return exp(-high * high) * exp(mad(-low, t + high, p)) * r;
  }

  /** max(x, 0); NaN and -0 stay. */
  public static float relu(float x) {
    return x < 0.0f ? 0.0f : x;
  }

  /** Rounds to binary16, nearest even; NaN becomes the quiet NaN of its sign. */
  public static short toHalf(float x) {
    return Float.isNaN(x) ? (short) (Float.floatToRawIntBits(x) >>> 16 & 0x8000 | 0x7e00) : Float.floatToFloat16(x);
  }

  /** Rounds to bfloat16, nearest even; NaN stays NaN. */
  public static short toBfloat(float x) {
    int a = Float.floatToRawIntBits(x);
    if (Float.isNaN(x)) {
      return (short) (a >>> 16 | 0x40);
    }
    return (short) (a + 0x7fff + (a >>> 16 & 1) >>> 16);
  }

  /** The value of a bfloat16. */
  public static float fromBfloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
