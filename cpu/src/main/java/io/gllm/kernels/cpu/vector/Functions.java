package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.INTS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The portable functions of PortableMath as passes over n floats, rows of a block; n is a whole number of vectors. The same operations
 * in the same order, so the same bits. The bits of a float become an integer, and back, through memory: see {@link Lanes}.
 */
final class Functions {
  private static final FloatVector ONE = FloatVector.broadcast(FLOATS, 1.0f);
  private static final FloatVector TWO = FloatVector.broadcast(FLOATS, 2.0f);
  private static final FloatVector HALF = FloatVector.broadcast(FLOATS, 0.5f);
  private static final IntVector RECIP_START = IntVector.broadcast(INTS, 0x7ef311c7);

  private Functions() {}

  /** out = e^x. */
  static void exp(MemorySegment x, long xAt, MemorySegment out, long outAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, xAt + 4L * i, LE);
      FloatVector half = HALF.blend(-0.5f, v.compare(VectorOperators.LT, 0.0f));
      IntVector k = (IntVector) v.mul(1.44269504f).add(half).convertShape(VectorOperators.F2I, INTS, 0);
      FloatVector m = (FloatVector) k.convertShape(VectorOperators.I2F, FLOATS, 0);
      FloatVector r = m.mul(2.12194440e-4f).add(m.mul(-0.693359375f).add(v));
      FloatVector q = r.mul(1.9875691500e-4f).add(1.3981999507e-3f);
      q = q.mul(r).add(8.3334519073e-3f);
      q = q.mul(r).add(4.1665795894e-2f);
      q = q.mul(r).add(1.6666665459e-1f);
      q = q.mul(r).add(5.0000001201e-1f);
      q = q.mul(r.mul(r)).add(r).add(ONE);
      k.add(126).lanewise(VectorOperators.LSHL, 23).intoMemorySegment(out, outAt + 4L * i, LE);
      FloatVector power = FloatVector.fromMemorySegment(FLOATS, out, outAt + 4L * i, LE);
      FloatVector y = q.mul(power).mul(TWO);
      y = y.blend(0.0f, v.compare(VectorOperators.LT, -86.9f));
      y.blend(Float.POSITIVE_INFINITY, v.compare(VectorOperators.GT, 88.72f)).intoMemorySegment(out, outAt + 4L * i, LE);
    }
  }

  /** x = 1 / x for x in 2^-126 .. 2^126. */
  private static void recip(MemorySegment s, long x, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE);
      FloatVector minus = v.neg();
      RECIP_START.sub(IntVector.fromMemorySegment(INTS, s, x + 4L * i, LE)).intoMemorySegment(s, x + 4L * i, LE);
      FloatVector y = FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE);
      y = y.mul(minus.mul(y).add(TWO));
      y = y.mul(minus.mul(y).add(TWO));
      y = y.mul(minus.mul(y).add(TWO));
      minus.mul(y).add(ONE).mul(y).add(y).intoMemorySegment(s, x + 4L * i, LE);
    }
  }

  /** out = 1 / (1 + x). */
  private static void recipOfSum(MemorySegment s, long x, long out, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE).add(ONE).intoMemorySegment(s, out + 4L * i, LE);
    }
    recip(s, out, n);
  }

  /** out = 1 / (1 + e^-x), through one work row. */
  private static void sigmoid(MemorySegment s, long x, long out, long work, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE).abs().neg().intoMemorySegment(s, work + 4L * i, LE);
    }
    exp(s, work, s, work, n);
    recipOfSum(s, work, out, n);
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector e = FloatVector.fromMemorySegment(FLOATS, s, work + 4L * i, LE);
      FloatVector r = FloatVector.fromMemorySegment(FLOATS, s, out + 4L * i, LE);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE);
      r.blend(e.mul(r), v.compare(VectorOperators.LT, 0.0f)).intoMemorySegment(s, out + 4L * i, LE);
    }
  }

  /** x = x * sigmoid(x), through two work rows. */
  static void silu(MemorySegment s, long x, long w0, long w1, int n) {
    sigmoid(s, x, w0, w1, n);
    ElementLoops.mul(s, x, s, w0, s, x, n);
  }

  /** The tanh form of gelu: x = x * sigmoid(2u), through three work rows. */
  static void gelu(MemorySegment s, long x, long w0, long w1, long argument, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE);
      FloatVector u = v.mul(0.044715f).mul(v).mul(v).add(v).mul(1.59576912f);
      u.intoMemorySegment(s, argument + 4L * i, LE);
    }
    sigmoid(s, argument, w0, w1, n);
    ElementLoops.mul(s, x, s, w0, s, x, n);
  }

  /** x = tanh(x), through two work rows: both branches of the scalar function, then the one that applies. */
  static void tanh(MemorySegment s, long x, long w0, long w1, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE).abs();
      a.add(a).intoMemorySegment(s, w0 + 4L * i, LE);
    }
    exp(s, w0, s, w0, n);
    recipOfSum(s, w0, w1, n);
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector e = FloatVector.fromMemorySegment(FLOATS, s, w0 + 4L * i, LE);
      FloatVector r = FloatVector.fromMemorySegment(FLOATS, s, w1 + 4L * i, LE).blend(0.0f, e.compare(VectorOperators.GT, 1e37f));
      r.mul(-2.0f).add(ONE).intoMemorySegment(s, w1 + 4L * i, LE);
    }
    tanhOfSmall(s, x, w1, n);
  }

  /** x = a polynomial where |x| is below 0.625, elsewhere the large branch with the sign of x. */
  private static void tanhOfSmall(MemorySegment s, long x, long large, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE);
      FloatVector t = FloatVector.fromMemorySegment(FLOATS, s, large + 4L * i, LE);
      FloatVector z = v.mul(v);
      FloatVector p = z.mul(-5.70498872745e-3f).add(2.06390887954e-2f);
      p = p.mul(z).add(-5.37397155531e-2f);
      p = p.mul(z).add(1.33314422036e-1f);
      p = p.mul(z).add(-3.33332819422e-1f);
      FloatVector small = p.mul(z).mul(v).add(v);
      FloatVector signed = t.blend(t.neg(), v.compare(VectorOperators.LT, 0.0f));
      signed.blend(small, v.abs().compare(VectorOperators.LT, 0.625f)).intoMemorySegment(s, x + 4L * i, LE);
    }
  }

  /** x = x * Phi(x), through four work rows: erfc(t) = e^first e^second r with t = |x| / sqrt(2). */
  static void geluErf(MemorySegment s, long x, long t, long r, long first, long second, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE).abs().mul(0.707106781f);
      v.intoMemorySegment(s, t + 4L * i, LE);
      v.mul(HALF).add(ONE).intoMemorySegment(s, r + 4L * i, LE);
      IntVector.fromMemorySegment(INTS, s, t + 4L * i, LE).and(0xfffff000).intoMemorySegment(s, first + 4L * i, LE);
      FloatVector high = FloatVector.fromMemorySegment(FLOATS, s, first + 4L * i, LE);
      high.neg().mul(high).intoMemorySegment(s, first + 4L * i, LE);
      v.sub(high).neg().mul(v.add(high)).intoMemorySegment(s, second + 4L * i, LE);
    }
    recip(s, r, n);
    addErfcPolynomial(s, r, second, n);
    exp(s, first, s, first, n);
    exp(s, second, s, second, n);
    ElementLoops.mul(s, first, s, second, s, first, n);
    ElementLoops.mul(s, first, s, r, s, first, n);
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, s, x + 4L * i, LE);
      FloatVector y = FloatVector.fromMemorySegment(FLOATS, s, first + 4L * i, LE);
      FloatVector far = FloatVector.fromMemorySegment(FLOATS, s, t + 4L * i, LE);
      FloatVector half = y.blend(0.0f, far.compare(VectorOperators.GT, 9.3f)).mul(HALF);
      FloatVector right = v.neg().mul(half).add(v).blend(v, half.compare(VectorOperators.EQ, 0.0f));
      right.blend(v.mul(half), v.compare(VectorOperators.LT, 0.0f)).intoMemorySegment(s, x + 4L * i, LE);
    }
  }

  /** out = out + polynomial(r), the exponent of the Chebyshev fit of erfc. */
  private static void addErfcPolynomial(MemorySegment s, long rAt, long out, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector r = FloatVector.fromMemorySegment(FLOATS, s, rAt + 4L * i, LE);
      FloatVector p = r.mul(0.17087277f).add(-0.82215223f);
      p = p.mul(r).add(1.48851587f);
      p = p.mul(r).add(-1.13520398f);
      p = p.mul(r).add(0.27886807f);
      p = p.mul(r).add(-0.18628806f);
      p = p.mul(r).add(0.09678418f);
      p = p.mul(r).add(0.37409196f);
      p = p.mul(r).add(1.00002368f);
      p = p.mul(r).add(-1.26551223f);
      FloatVector.fromMemorySegment(FLOATS, s, out + 4L * i, LE).add(p).intoMemorySegment(s, out + 4L * i, LE);
    }
  }
}
