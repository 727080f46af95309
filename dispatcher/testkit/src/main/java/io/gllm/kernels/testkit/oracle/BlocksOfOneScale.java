package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.QuantFormat;

/** Formats whose blocks have one scale, or one for each run of 16. */
final class BlocksOfOneScale {
  /** The positive half of the table of IQ4_NL and the negative one, each outwards from zero. */
  private static final int[][] CURVE = {{1, 13, 25, 38, 53, 69, 89, 113}, {-10, -22, -35, -49, -65, -83, -104, -127}};

  private BlocksOfOneScale() {}

  static double value(QuantFormat format, BlockBits b, int e) {
    return switch (format) {
      case Q4_1 -> b.half(0) * pair(b, 4, e, 32) + b.half(2);
      case Q5_0 -> b.half(0) * (pair(b, 6, e, 32) + 16 * b.of(16 + e, 1) - 16);
      case Q5_1 -> b.half(0) * (pair(b, 8, e, 32) + 16 * b.of(32 + e, 1)) + b.half(2);
      case Q8_1 -> b.half(0) * (byte) b.of(32 + 8 * e, 8);
      case Q1_0 -> -b.half(0) * b.sign(16 + e);
      case Q2_0 -> b.half(0) * (b.of(16 + 2 * e, 2) - 1);
      case MXFP4 -> Math.pow(2, b.of(0, 8) - 128) * twiceFloat4(pair(b, 1, e, 32));
      case NVFP4 -> e4m3(b.of(e / 16 * 8, 8)) / 2 * twiceFloat4(pair(b, 4 + e / 16 * 8, e % 16, 16));
      case IQ4_NL -> b.half(0) * curve(pair(b, 2, e, 32));
      default -> throw new IllegalArgumentException(format.label());
    };
  }

  /** The nibble of element {@code e} of a run from byte {@code at}: elements of its second half are high nibbles. */
  static long pair(BlockBits b, int at, int e, int run) {
    return b.of(8 * (at + e % (run / 2)) + (e < run / 2 ? 0 : 4), 4);
  }

  /** A table that grows away from zero, negative below code 8. */
  static int curve(long code) {
    return code < 8 ? CURVE[1][(int) (7 - code)] : CURVE[0][(int) (code - 8)];
  }

  /** Twice the value of a float of one sign, two exponent and one fraction bit; there is no negative zero. */
  private static double twiceFloat4(long code) {
    long exponent = code >> 1 & 3;
    long fraction = code & 1;
    long twice = exponent == 0 ? fraction : 2 + fraction << exponent - 1;
    return code < 8 || twice == 0 ? twice : -twice;
  }

  /** A float of four exponent and three fraction bits; the bit above them is not a sign, and what would be NaN without it is 0. */
  private static double e4m3(long code) {
    long exponent = code >> 3 & 15;
    double fraction = (code & 7) / 8.0;
    return code == 0x7f ? 0 : exponent == 0 ? fraction / 64 : (1 + fraction) * Math.pow(2, exponent - 7);
  }
}
