package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.QuantFormat;

/** Quantised blocks, decoded byte by byte from their definition. Every value is the exact product, rounded once to f32. */
public final class Blocks {
  private Blocks() {}

  /** The values of whole blocks. */
  public static double[] decode(QuantFormat format, byte[] bytes) {
    int blocks = bytes.length / format.blockBytes();
    double[] out = new double[blocks * format.blockElements()];
    for (int b = 0; b < blocks; b++) {
      int from = b * format.blockBytes();
      int to = b * format.blockElements();
      switch (format) {
        case Q4_0 -> q40(bytes, from, out, to);
        case Q8_0 -> q80(bytes, from, out, to);
        case Q4_K -> q4k(bytes, from, out, to);
        case Q6_K -> q6k(bytes, from, out, to);
        case Q8_K -> q8k(bytes, from, out, to);
        default -> byElement(format, new BlockBits(bytes, from), out, to);
      }
    }
    return out;
  }

  private static void byElement(QuantFormat format, BlockBits block, double[] out, int to) {
    for (int e = 0; e < format.blockElements(); e++) {
      double value = switch (format) {
        case Q4_1, Q5_0, Q5_1, Q8_1, Q1_0, Q2_0, MXFP4, NVFP4, IQ4_NL -> BlocksOfOneScale.value(format, block, e);
        case Q2_K, Q3_K, Q5_K, IQ4_XS, TQ1_0, TQ2_0 -> BlocksOfSubScales.value(format, block, e);
        default -> BlocksOfGrids.value(format, block, e);
      };
      out[to + e] = (float) value;
    }
  }

  private static void q40(byte[] in, int from, double[] out, int to) {
    double d = half(in, from);
    for (int j = 0; j < 16; j++) {
      int q = in[from + 2 + j];
      out[to + j] = (float) (d * ((q & 15) - 8));
      out[to + j + 16] = (float) (d * ((q >> 4 & 15) - 8));
    }
  }

  private static void q80(byte[] in, int from, double[] out, int to) {
    double d = half(in, from);
    for (int j = 0; j < 32; j++) {
      out[to + j] = (float) (d * in[from + 2 + j]);
    }
  }

  private static void q4k(byte[] in, int from, double[] out, int to) {
    double d = half(in, from);
    double dmin = half(in, from + 2);
    for (int e = 0; e < 256; e++) {
      int sub = e / 32;
      int pair = in[from + 16 + e / 64 * 32 + e % 32];
      int q = sub % 2 == 0 ? pair & 15 : pair >> 4 & 15;
      out[to + e] = (float) (d * scale6(in, from + 4, sub) * q - dmin * min6(in, from + 4, sub));
    }
  }

  /** Sub-blocks 0..3 have their scale in the low six bits of bytes 0..3; 4..7 in the low nibbles of 8..11 and top bits of 0..3. */
  static int scale6(byte[] in, int at, int sub) {
    return sub < 4 ? in[at + sub] & 63 : in[at + sub + 4] & 15 | (in[at + sub - 4] >> 6 & 3) << 4;
  }

  /** As {@link #scale6}, from bytes 4..7, the high nibbles of 8..11 and the top bits of 4..7. */
  static int min6(byte[] in, int at, int sub) {
    return sub < 4 ? in[at + sub + 4] & 63 : in[at + sub + 4] >> 4 & 15 | (in[at + sub] >> 6 & 3) << 4;
  }

  private static void q6k(byte[] in, int from, double[] out, int to) {
    double d = half(in, from + 208);
    for (int e = 0; e < 256; e++) {
      int half = e / 128;
      int quarter = e % 128 / 32;
      int l = e % 32;
      int low = in[from + half * 64 + quarter % 2 * 32 + l] >> quarter / 2 * 4 & 15;
      int high = in[from + 128 + half * 32 + l] >> 2 * quarter & 3;
      out[to + e] = (float) (d * in[from + 192 + e / 16] * ((low | high << 4) - 32));
    }
  }

  private static void q8k(byte[] in, int from, double[] out, int to) {
    int bits = 0;
    for (int i = 3; i >= 0; i--) {
      bits = bits << 8 | in[from + i] & 0xff;
    }
    double d = Float.intBitsToFloat(bits);
    for (int j = 0; j < 256; j++) {
      out[to + j] = (float) (d * in[from + 4 + j]);
    }
  }

  private static double half(byte[] in, int at) {
    return Floats.fromHalf(in[at] & 0xff | (in[at + 1] & 0xff) << 8);
  }
}
