package io.gllm.kernels.cpu.format;

import java.util.Arrays;

/**
 * A block whose sub-blocks have small integer scales in units of one d: x is about d s q. Each sub-block has its own search
 * ({@link ScaleFit}); d makes the largest of their scales the largest integer, and each sub-block takes the best of the three integers
 * around its scale. Beside it stands the block with one scale for all: the better of the two is taken.
 */
final class SharedScales {
  private final Levels levels;
  private final int size;
  private final int most;
  private final double first;
  private final double last;
  private final float[] x;
  private final int from;
  private final int[] scales;
  private double d;
  private double error = Double.POSITIVE_INFINITY;

  /**
   * @param size elements of a sub-block
   * @param most integer scales go from {@code -most} to {@code most - 1}
   * @param first smallest f of the search
   * @param last largest f of the search
   */
  SharedScales(Levels levels, int size, int most, double first, double last, float[] x, int from) {
    this.levels = levels;
    this.size = size;
    this.most = most;
    this.first = first;
    this.last = last;
    this.x = x;
    this.from = from;
    this.scales = new int[256 / size];
    ownScales();
    oneScale();
  }

  private void ownScales() {
    ScaleFit search = new ScaleFit(levels, first, last, scale -> scale);
    double[] own = new double[scales.length];
    double largest = 0;
    for (int sub = 0; sub < own.length; sub++) {
      own[sub] = search.fit(x, from + sub * size, size);
      largest = Math.abs(own[sub]) > Math.abs(largest) ? own[sub] : largest;
    }
    d = Fields.roundToHalf(-largest / most);
    error = 0;
    for (int sub = 0; sub < own.length; sub++) {
      int near = d == 0 ? 0 : (int) Math.rint(Math.clamp(own[sub] / d, -most, most - 1));
      double best = Double.POSITIVE_INFINITY;
      for (int s = Math.max(-most, near - 1); s <= Math.min(most - 1, near + 1); s++) {
        double e = ScaleFit.error(levels, x, from + sub * size, size, d * s);
        if (e < best) {
          best = e;
          scales[sub] = s;
        }
      }
      error += best;
    }
  }

  private void oneScale() {
    double one = new ScaleFit(levels, first, last, scale -> Fields.roundToHalf(scale / -most) * -most).fit(x, from, 256, error);
    double e = ScaleFit.error(levels, x, from, 256, one);
    if (e < error) {
      error = e;
      d = one / -most;
      Arrays.fill(scales, -most);
    }
  }

  /** The unit of the integer scales, exact in f16. */
  float d() {
    return (float) d;
  }

  /** The integer scale of a sub-block. */
  int scale(int sub) {
    return scales[sub];
  }

  /** The codes of the block. */
  int[] codes() {
    int[] codes = new int[256];
    for (int sub = 0; sub < scales.length; sub++) {
      System.arraycopy(levels.nearest(x, from + sub * size, size, d * scales[sub]), 0, codes, sub * size, size);
    }
    return codes;
  }
}
