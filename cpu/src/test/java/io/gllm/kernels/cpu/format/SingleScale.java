package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;

/**
 * The least error that a block has when one scale, and one minimum where the format has minimums, serves all of its elements: by
 * trying them, four times as densely as the encoders do and without refinement, each rounded as the format stores it. Independent of
 * the encoders: every level is compared with every number.
 */
final class SingleScale {
  private static final int[] IQ4 = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  private static final int[] FLOAT4 = {0, 1, 2, 3, 4, 6, 8, 12, -1, -2, -3, -4, -6, -8, -12};

  private SingleScale() {}

  static double leastError(QuantFormat format, float[] x) {
    return switch (format) {
      case Q4_0 -> scales(x, range(-8, 7), 0.4, 1.6, 1);
      case Q5_0 -> scales(x, range(-16, 15), 0.6, 1.3, 1);
      case Q8_0, Q8_1 -> scales(x, range(-127, 127), 0.85, 1.03, 1);
      case Q8_K -> scales(x, range(-127, 127), 0.9, 1.03, 0);
      case Q3_K -> scales(x, range(-4, 3), 0.3, 2, 32);
      case Q6_K -> scales(x, range(-32, 31), 0.7, 1.2, 128);
      case IQ4_NL -> scales(x, IQ4, 0.6, 1.5, 1);
      case IQ4_XS -> scales(x, IQ4, 0.6, 1.5, 32);
      case TQ1_0, TQ2_0 -> scales(x, range(-1, 1), 0.5, 8, 1);
      case Q1_0 -> scales(x, new int[]{-1, 1}, 0.5, 4, 1);
      case Q2_0 -> scales(x, range(-1, 2), 0.5, 4, 1);
      case Q4_1 -> minimums(x, 15, 1, false);
      case Q5_1 -> minimums(x, 31, 1, false);
      case Q2_K -> minimums(x, 3, 15, true);
      case Q4_K -> minimums(x, 15, 63, true);
      case Q5_K -> minimums(x, 31, 63, true);
      case MXFP4 -> powers(x);
      case NVFP4 -> smallFloats(x);
      default -> throw new IllegalArgumentException(format.label());
    };
  }

  private static int[] range(int first, int last) {
    int[] levels = new int[last - first + 1];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = first + i;
    }
    return levels;
  }

  /** What is left of a scale that is stored as f16 of its {@code parts}-th part; all of it if {@code parts} is 0. */
  private static double stored(double v, int parts) {
    double limited = Math.clamp(v / Math.max(parts, 1), -65504, 65504);
    return parts == 0 ? (float) v : Float.float16ToFloat(Float.floatToFloat16((float) limited)) * (double) parts;
  }

  private static double largest(float[] x) {
    double largest = 0;
    for (float v : x) {
      largest = Math.max(largest, Math.abs(v));
    }
    return largest;
  }

  private static double scales(float[] x, int[] levels, double first, double last, int parts) {
    int top = Math.max(-levels[0], levels[levels.length - 1]);
    double least = error(x, levels, 0);
    for (int step = 0; step <= 512; step++) {
      double d = stored(largest(x) / top / (first + (last - first) * step / 512), parts);
      least = Math.min(least, Math.min(error(x, levels, d), error(x, levels, -d)));
    }
    return least;
  }

  private static double error(float[] x, int[] levels, double d) {
    double sum = 0;
    boolean dense = levels.length > 60;
    for (float v : x) {
      int guess = dense && d != 0 ? Math.clamp((long) Math.floor(v / d) - levels[0], 0, levels.length - 1) : 0;
      double least = Double.POSITIVE_INFINITY;
      for (int i = guess; i < (dense ? Math.min(levels.length, guess + 2) : levels.length); i++) {
        least = Math.min(least, Math.abs(v - d * levels[i]));
      }
      sum += least * least;
    }
    return sum;
  }

  private static double minimums(float[] x, int top, int parts, boolean belowZero) {
    double low = belowZero ? 0 : x[0];
    double high = low;
    for (float v : x) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
    double least = Double.POSITIVE_INFINITY;
    for (int step = 0; step <= 72; step++) {
      double wanted = (high - low) / top / (0.6 + 0.9 * step / 72);
      for (int part = -16; part <= 32; part++) {
        double m = low + part * wanted / 16;
        least = Math.min(least, error(x, top, stored(wanted, parts), stored(belowZero ? Math.min(m, 0) : m, parts)));
      }
    }
    return least;
  }

  private static double error(float[] x, int top, double d, double m) {
    double sum = 0;
    for (float v : x) {
      double code = d == 0 ? 0 : Math.clamp((v - m) / d, 0, top);
      double e = Math.min(Math.abs(v - m - d * Math.floor(code)), Math.abs(v - m - d * Math.ceil(code)));
      sum += e * e;
    }
    return sum;
  }

  private static double powers(float[] x) {
    double least = Double.POSITIVE_INFINITY;
    for (int e = 0; e < 255; e++) {
      least = Math.min(least, error(x, FLOAT4, Math.scalb(1.0, e - 128)));
    }
    return least;
  }

  private static double smallFloats(float[] x) {
    double least = Double.POSITIVE_INFINITY;
    for (int s = 0; s < 127; s++) {
      double d = s < 8 ? s * 0x1p-10 : Math.scalb(8.0 + s % 8, s / 8 - 11);
      least = Math.min(least, error(x, FLOAT4, d));
    }
    return least;
  }
}
