package io.gllm.kernels.cpu.format;

import java.util.function.DoubleUnaryOperator;

/**
 * Search of a scale and an offset: x is about d q + m with codes q from 0 to {@code top}. With the numbers from a to b, it tries the
 * scales (b - a) / (f top) for f in 91 equal steps from 0.6 to 1.5, each with the offsets a + o d for o -0.5, 0, 0.5, 1 and 1.5, as they can be
 * stored; a pair whose error is below a hundred times the best is improved by least squares. At last it tries the f16 on both sides
 * of the best pair, two each.
 */
final class OffsetFit {
  private static final int STEPS = 90;
  private static final double FIRST = 0.6;
  private static final double LAST = 1.5;
  private static final double FAR = 100;

  private final int top;
  private final boolean belowZero;
  private final DoubleUnaryOperator stored;
  private float[] x;
  private int from;
  private int n;
  private double scale;
  private double offset;
  private double error;
  private double q1;
  private double q2;
  private double x1;
  private double xq;

  /**
   * @param top the largest code
   * @param belowZero whether the offset may not be positive, nor the scale negative
   * @param stored what becomes of a scale or an offset in the block
   */
  OffsetFit(int top, boolean belowZero, DoubleUnaryOperator stored) {
    this.top = top;
    this.belowZero = belowZero;
    this.stored = stored;
  }

  /** Finds the best scale and offset for {@code n} numbers. */
  void fit(float[] x, int from, int n) {
    fit(x, from, n, Double.POSITIVE_INFINITY);
  }

  /** Finds the best scale and offset; if none has an error below {@code enough}, they are any. */
  void fit(float[] x, int from, int n, double enough) {
    this.x = x;
    this.from = from;
    this.n = n;
    double low = x[from];
    double high = x[from];
    for (int i = 1; i < n; i++) {
      low = Math.min(low, x[from + i]);
      high = Math.max(high, x[from + i]);
    }
    if (belowZero) {
      low = Math.min(low, 0);
      high = Math.max(high, 0);
    }
    scale = 0;
    offset = stored.applyAsDouble(low);
    error = Math.min(enough, error(top, x, from, n, scale, offset));
    for (int step = 0; high > low && step <= STEPS; step++) {
      double d = (high - low) / top / (FIRST + (LAST - FIRST) * step / STEPS);
      for (int half = -1; half <= 3; half++) {
        consider(d, low + half * d / 2);
      }
    }
    double d = scale;
    double m = offset;
    for (int i = 0; i < 25; i++) {
      consider(d + d * (i % 5 - 2) * 0x1p-11, m + m * (i / 5 - 2) * 0x1p-11);
    }
  }

  /** The scale found. */
  double scale() {
    return scale;
  }

  /** The offset found. */
  double offset() {
    return offset;
  }

  /** Follows a candidate while least squares make it better; leaves it when it is far from the best. */
  private void consider(double firstScale, double firstOffset) {
    double before = Double.POSITIVE_INFINITY;
    double d = stored.applyAsDouble(firstScale);
    double m = stored.applyAsDouble(limited(firstOffset));
    for (double e = measure(d, m); e < before && e < FAR * error; e = measure(d, m)) {
      if (e < error) {
        error = e;
        scale = d;
        offset = m;
      }
      before = e;
      double determinant = n * q2 - q1 * q1;
      double free = limited(determinant == 0 ? m : (q2 * x1 - q1 * xq) / determinant);
      d = stored.applyAsDouble(q2 == 0 ? d : Math.max((xq - free * q1) / q2, belowZero ? 0 : Double.NEGATIVE_INFINITY));
      m = stored.applyAsDouble(free);
    }
  }

  private double limited(double m) {
    return belowZero ? Math.min(m, 0) : m;
  }

  /** The error, and the sums for least squares; stops early where the error is far from the best. */
  private double measure(double d, double m) {
    double inverse = d == 0 ? 0 : 1 / d;
    double e = 0;
    q1 = 0;
    q2 = 0;
    x1 = 0;
    xq = 0;
    for (int i = 0; i < n && e < FAR * error; i++) {
      double v = x[from + i];
      double q = Math.rint(Math.clamp((v - m) * inverse, 0, top));
      q1 += q;
      q2 += q * q;
      x1 += v;
      xq += v * q;
      e += (v - d * q - m) * (v - d * q - m);
    }
    return e;
  }

  /** The code nearest to a number. */
  static int code(int top, double x, double d, double m) {
    return d == 0 ? 0 : (int) Math.rint(Math.clamp((x - m) / d, 0, top));
  }

  /** The codes nearest to {@code n} numbers. */
  static int[] codes(int top, float[] x, int from, int n, double d, double m) {
    int[] result = new int[n];
    for (int i = 0; i < n; i++) {
      result[i] = code(top, x[from + i], d, m);
    }
    return result;
  }

  /** Sum of squared errors of {@code n} numbers with the nearest codes. */
  static double error(int top, float[] x, int from, int n, double d, double m) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double e = x[from + i] - (d * code(top, x[from + i], d, m) + m);
      sum += e * e;
    }
    return sum;
  }
}
