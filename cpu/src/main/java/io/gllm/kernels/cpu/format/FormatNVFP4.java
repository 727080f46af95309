package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * NVFP4, 64 numbers in 36 bytes: 4-bit floats in 4 sub-blocks of 16, value s / 2 v[q]
 * with the v of MXFP4.
 * <pre>
 *  0  4 x s, an unsigned float of 4 bits exponent (bias 7) and 3 bits fraction; the highest bit does not count, and the byte 127 is 0
 *  4  32 bytes: 8 for each sub-block, its element j in the low, j + 8 in the high nibble
 * </pre>
 * The encoder tries every s for every sub-block: nothing is better.
 */
enum FormatNVFP4 implements BlockCodec {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.NVFP4;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    for (int sub = 0; sub < 4; sub++) {
      float d = scale(Fields.u8(blocks, at + sub));
      for (int j = 0; j < 16; j++) {
        out[to + sub * 16 + j] = d * FormatMXFP4.LEVELS.value(Fields.nibble(blocks, at + 4 + sub * 8, j, 16));
      }
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    for (int sub = 0; sub < 4; sub++) {
      int best = 0;
      double least = Double.POSITIVE_INFINITY;
      for (int s = 0; s < 127; s++) {
        double error = ScaleFit.error(FormatMXFP4.LEVELS, x, from + sub * 16, 16, scale(s));
        if (error < least) {
          least = error;
          best = s;
        }
      }
      Fields.u8(blocks, at + sub, best);
      Fields.nibbles(blocks, at + 4 + sub * 8, FormatMXFP4.LEVELS.nearest(x, from + sub * 16, 16, scale(best)), 0, 16);
    }
  }

  /** Half the value of a scale. */
  private static float scale(int s) {
    int exponent = s >> 3 & 15;
    int fraction = s & 7;
    if (s == 127) {
      return 0.0f;
    }
    return exponent == 0 ? fraction * 0x1p-10f : Math.scalb(8.0f + fraction, exponent - 11);
  }
}
