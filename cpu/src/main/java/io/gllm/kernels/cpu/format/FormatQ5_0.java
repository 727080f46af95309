package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q5_0, 32 numbers in 22 bytes, value d (q - 16).
 * <pre>
 *  0  f16 d
 *  2  32 bits: the fifth bit of each code
 *  6  16 bytes: element j in the low, j + 16 in the high nibble
 * </pre>
 * The encoder is {@link ScaleFit} with f from 0.6 to 1.3.
 */
enum FormatQ5_0 implements BlockCodec {
  INSTANCE;

  private static final Levels LEVELS = Levels.range(-16, 15);

  @Override
  public QuantFormat format() {
    return QuantFormat.Q5_0;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    int high = Fields.u32(blocks, at + 2);
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * ((Fields.nibble(blocks, at + 6, j, 32) | (high >> j & 1) << 4) - 16);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(LEVELS, 0.6, 1.3, Fields::roundToHalf).fit(x, from, 32);
    int[] codes = LEVELS.nearest(x, from, 32, d);
    Fields.half(blocks, at, (float) d);
    Fields.bits(blocks, at + 2, codes, 0, 32, 4);
    Fields.nibbles(blocks, at + 6, codes, 0, 32);
  }
}
