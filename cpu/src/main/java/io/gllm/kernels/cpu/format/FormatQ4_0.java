package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q4_0, 32 numbers in 18 bytes, value d (q - 8).
 * <pre>
 *  0  f16 d
 *  2  16 bytes: element j in the low, j + 16 in the high nibble
 * </pre>
 * The encoder is {@link ScaleFit} with f from 0.4 to 1.6.
 */
enum FormatQ4_0 implements BlockCodec {
  INSTANCE;

  private static final Levels LEVELS = Levels.range(-8, 7);

  @Override
  public QuantFormat format() {
    return QuantFormat.Q4_0;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * (Fields.nibble(blocks, at + 2, j, 32) - 8);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(LEVELS, 0.4, 1.6, Fields::roundToHalf).fit(x, from, 32);
    Fields.half(blocks, at, (float) d);
    Fields.nibbles(blocks, at + 2, LEVELS.nearest(x, from, 32, d), 0, 32);
  }
}
