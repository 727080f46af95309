package io.gllm.kernels.cpu.format;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** The numbers that the codes of a format stand for, in units of the scale. */
final class Levels {
  private final int[] values;
  private final int[] codes;
  private final double[] borders;
  private final boolean dense;

  /** Code i stands for {@code values[i]}. */
  Levels(int... values) {
    this.values = values;
    this.codes = IntStream.range(0, values.length).boxed().sorted(Comparator.comparing(code -> values[code])).mapToInt(c -> c).toArray();
    this.borders = new double[values.length - 1];
    Arrays.setAll(borders, i -> (values[codes[i]] + values[codes[i + 1]]) / 2.0);
    this.dense = IntStream.range(0, values.length).allMatch(code -> values[code] == values[0] + code);
  }

  /** Code i stands for {@code first + i}, up to {@code last}. */
  static Levels range(int first, int last) {
    return new Levels(IntStream.rangeClosed(first, last).toArray());
  }

  int value(int code) {
    return values[code];
  }

  /** The code whose value is nearest to {@code y}. */
  int nearest(double y) {
    if (dense) {
      return (int) Math.rint(Math.clamp(y, values[0], values[values.length - 1])) - values[0];
    }
    int low = 0;
    int high = borders.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (y > borders[middle]) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return codes[low];
  }

  /** The nearest codes of numbers under a scale; of 0 where the scale is 0. */
  int[] nearest(float[] x, int from, int n, double scale) {
    int[] result = new int[n];
    for (int i = 0; i < n; i++) {
      result[i] = nearest(scale == 0 ? 0 : x[from + i] / scale);
    }
    return result;
  }

  /** The largest absolute value. */
  int top() {
    return Math.max(Math.abs(values[codes[0]]), Math.abs(values[codes[codes.length - 1]]));
  }

  /** Whether a negative scale is as good as a positive one. */
  boolean symmetric() {
    return values[codes[0]] == -values[codes[codes.length - 1]];
  }
}
