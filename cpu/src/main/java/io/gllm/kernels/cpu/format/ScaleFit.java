package io.gllm.kernels.cpu.format;

import java.util.function.DoubleUnaryOperator;

/**
 * Search of one scale. With a the largest absolute value and t the largest level, it tries the scales a / (f t) for f in 129 equal
 * steps between two bounds, with both signs where the levels are not symmetric; each as it can be stored. A candidate whose
 * error is below four times the best is improved by least squares: the best scale for its codes, then the codes for that scale, while that helps. At
 * last it tries the f16 on both sides of the best, four each.
 */
final class ScaleFit {
  private static final int STEPS = 128;
  private static final double FAR = 4;

  private final Levels levels;
  private final double first;
  private final double last;
  private final DoubleUnaryOperator stored;
  private float[] x;
  private int from;
  private int n;
  private double scale;
  private double error;
  private double xq;
  private double qq;

  /**
   * @param first the smallest f: below 1 the outermost levels stay unused
   * @param last the largest f: above 1 the largest numbers are cut
   * @param stored what becomes of a scale in the block
   */
  ScaleFit(Levels levels, double first, double last, DoubleUnaryOperator stored) {
    this.levels = levels;
    this.first = first;
    this.last = last;
    this.stored = stored;
  }

  /** The best scale for {@code n} numbers, as it is stored. */
  double fit(float[] x, int from, int n) {
    return fit(x, from, n, Double.POSITIVE_INFINITY);
  }

  /** The best scale, or 0 if none has an error below {@code enough}. */
  double fit(float[] x, int from, int n, double enough) {
    this.x = x;
    this.from = from;
    this.n = n;
    scale = 0;
    error = Math.min(enough, error(levels, x, from, n, 0));
    double largest = 0;
    for (int i = 0; i < n; i++) {
      largest = Math.max(largest, Math.abs(x[from + i]));
    }
    for (int step = 0; largest > 0 && step <= STEPS; step++) {
      double d = largest / levels.top() / (first + (last - first) * step / STEPS);
      consider(d);
      if (!levels.symmetric()) {
        consider(-d);
      }
    }
    double best = scale;
    for (int i = -4; i <= 4; i++) {
      consider(best + best * i * 0x1p-11);
    }
    return scale;
  }

  /** Follows a candidate while least squares make it better; leaves it when it is far from the best. */
  private void consider(double candidate) {
    double before = Double.POSITIVE_INFINITY;
    double d = stored.applyAsDouble(candidate);
    for (double e = measure(d); e < before && e < FAR * error; e = measure(d)) {
      if (e < error) {
        error = e;
        scale = d;
      }
      before = e;
      d = stored.applyAsDouble(qq == 0 ? 0 : xq / qq);
    }
  }

  /** The error, and the sums for least squares; stops early where the error is far from the best. */
  private double measure(double d) {
    double inverse = d == 0 ? 0 : 1 / d;
    double e = 0;
    xq = 0;
    qq = 0;
    for (int i = 0; i < n && e < FAR * error; i++) {
      double v = x[from + i];
      double q = levels.value(levels.nearest(v * inverse));
      xq += v * q;
      qq += q * q;
      e += (v - d * q) * (v - d * q);
    }
    return e;
  }

  /** Sum of squared errors of {@code n} numbers with the nearest levels under a scale. */
  static double error(Levels levels, float[] x, int from, int n, double d) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double e = x[from + i] - d * levels.value(levels.nearest(d == 0 ? 0 : x[from + i] / d));
      sum += e * e;
    }
    return sum;
  }
}
