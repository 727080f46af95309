package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * MXFP4, 32 numbers in 17 bytes: 4-bit floats under a power of two, value 2^(e - 128) v[q]
 * with v twice the float: 0 1 2 3 4 6 8 12, and negative from code 8 on, which is 0 itself.
 * <pre>
 *  0  u8 e
 *  1  16 bytes: element j in the low, j + 16 in the high nibble
 * </pre>
 * The encoder tries the five powers of two around the one under which the largest number is the largest float.
 */
enum FormatMXFP4 implements BlockCodec {
  INSTANCE;

  /** Under larger powers of two the largest float is infinite. */
  private static final int LARGEST = 252;

  /** Twice the floats of 4 bits, shared with NVFP4. */
  static final Levels LEVELS = new Levels(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

  @Override
  public QuantFormat format() {
    return QuantFormat.MXFP4;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = scale(Fields.u8(blocks, at));
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * LEVELS.value(Fields.nibble(blocks, at + 1, j, 32));
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    float largest = 0;
    for (int j = 0; j < 32; j++) {
      largest = Math.max(largest, Math.abs(x[from + j]));
    }
    int near = Math.getExponent(largest / LEVELS.top()) + 128;
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int e = Math.clamp(near - 2, 0, LARGEST); e <= Math.clamp(near + 2, 0, LARGEST); e++) {
      double error = ScaleFit.error(LEVELS, x, from, 32, scale(e));
      if (error < least) {
        least = error;
        best = e;
      }
    }
    Fields.u8(blocks, at, best);
    Fields.nibbles(blocks, at + 1, LEVELS.nearest(x, from, 32, scale(best)), 0, 32);
  }

  /** 2^(e - 128), exact: below 2^-126 it is subnormal. */
  private static float scale(int e) {
    return Math.scalb(1.0f, e - 128);
  }
}
