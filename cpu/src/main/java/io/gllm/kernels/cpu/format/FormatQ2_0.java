package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q2_0, 64 numbers in 18 bytes, value d (q - 1).
 * <pre>
 *  0  f16 d
 *  2  16 bytes of 2-bit codes: four elements each, lowest bits first
 * </pre>
 * The encoder is {@link ScaleFit} with f from 0.5 to 4.
 */
enum FormatQ2_0 implements BlockCodec {
  INSTANCE;

  private static final Levels LEVELS = Levels.range(-1, 2);

  @Override
  public QuantFormat format() {
    return QuantFormat.Q2_0;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int j = 0; j < 64; j++) {
      out[to + j] = d * ((Fields.u8(blocks, at + 2 + j / 4) >> j % 4 * 2 & 3) - 1);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(LEVELS, 0.5, 4, Fields::roundToHalf).fit(x, from, 64);
    int[] q = LEVELS.nearest(x, from, 64, d);
    Fields.half(blocks, at, (float) d);
    for (int i = 0; i < 16; i++) {
      Fields.u8(blocks, at + 2 + i, q[4 * i] | q[4 * i + 1] << 2 | q[4 * i + 2] << 4 | q[4 * i + 3] << 6);
    }
  }
}
