package io.gllm.kernels.cpu.format;

import java.util.Arrays;

/**
 * A block whose sub-blocks have small integer scales and minimums in units of one d and one dmin: x is about d s q - dmin m. Each
 * sub-block has its own search ({@link OffsetFit}); d and dmin make the largest of them the largest integers, and each sub-block
 * takes the best of the nine pairs around its own. Beside it stands the block with one scale and one minimum for all: the better of
 * the two is taken.
 */
final class SharedOffsets {
  private final int top;
  private final int size;
  private final int most;
  private final float[] x;
  private final int from;
  private final int[] scales;
  private final int[] minimums;
  private double d;
  private double dmin;
  private double error;

  /**
   * @param top the largest code
   * @param size elements of a sub-block
   * @param most the largest integer scale and minimum
   */
  SharedOffsets(int top, int size, int most, float[] x, int from) {
    this.top = top;
    this.size = size;
    this.most = most;
    this.x = x;
    this.from = from;
    this.scales = new int[256 / size];
    this.minimums = new int[256 / size];
    ownScales();
    oneScale();
  }

  private void ownScales() {
    OffsetFit search = new OffsetFit(top, true, v -> v);
    double[] scale = new double[scales.length];
    double[] minimum = new double[scales.length];
    for (int sub = 0; sub < scale.length; sub++) {
      search.fit(x, from + sub * size, size);
      scale[sub] = search.scale();
      minimum[sub] = -search.offset();
    }
    d = Fields.roundToHalf(Arrays.stream(scale).max().orElseThrow() / most);
    dmin = Fields.roundToHalf(Arrays.stream(minimum).max().orElseThrow() / most);
    for (int sub = 0; sub < scale.length; sub++) {
      error += choose(sub, near(scale[sub], d), near(minimum[sub], dmin));
    }
  }

  private int near(double v, double unit) {
    return unit == 0 ? 0 : (int) Math.rint(Math.min(v / unit, most));
  }

  /** Sets the best integers around two, and returns the error. */
  private double choose(int sub, int scale, int minimum) {
    double best = Double.POSITIVE_INFINITY;
    for (int s = Math.max(0, scale - 1); s <= Math.min(most, scale + 1); s++) {
      for (int m = Math.max(0, minimum - 1); m <= Math.min(most, minimum + 1); m++) {
        double e = OffsetFit.error(top, x, from + sub * size, size, d * s, -dmin * m);
        if (e < best) {
          best = e;
          scales[sub] = s;
          minimums[sub] = m;
        }
      }
    }
    return best;
  }

  private void oneScale() {
    OffsetFit search = new OffsetFit(top, true, v -> Fields.roundToHalf(v / most) * most);
    search.fit(x, from, 256, error);
    double e = OffsetFit.error(top, x, from, 256, search.scale(), search.offset());
    if (e < error) {
      d = search.scale() / most;
      dmin = -search.offset() / most;
      Arrays.fill(scales, most);
      Arrays.fill(minimums, most);
    }
  }

  /** The unit of the scales, exact in f16. */
  float d() {
    return (float) d;
  }

  /** The unit of the minimums, exact in f16. */
  float dmin() {
    return (float) dmin;
  }

  /** The integer scale of a sub-block. */
  int scale(int sub) {
    return scales[sub];
  }

  /** The integer minimum of a sub-block. */
  int minimum(int sub) {
    return minimums[sub];
  }

  /** The codes of the block. */
  int[] codes() {
    int[] codes = new int[256];
    for (int sub = 0; sub < scales.length; sub++) {
      int[] own = OffsetFit.codes(top, x, from + sub * size, size, d * scales[sub], -dmin * minimums[sub]);
      System.arraycopy(own, 0, codes, sub * size, size);
    }
    return codes;
  }
}
