package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q1_0, 128 numbers in 18 bytes, value d or -d.
 * <pre>
 *  0  f16 d
 *  2  128 bits: 1 for d
 * </pre>
 * The encoder is {@link ScaleFit}, whose least squares give the mean of the absolute values.
 */
enum FormatQ1_0 implements BlockCodec {
  INSTANCE;

  private static final Levels LEVELS = new Levels(-1, 1);

  @Override
  public QuantFormat format() {
    return QuantFormat.Q1_0;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int j = 0; j < 128; j++) {
      out[to + j] = (Fields.u8(blocks, at + 2 + j / 8) >> j % 8 & 1) != 0 ? d : -d;
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(LEVELS, 0.5, 4, Fields::roundToHalf).fit(x, from, 128);
    Fields.half(blocks, at, (float) d);
    Fields.bits(blocks, at + 2, LEVELS.nearest(x, from, 128, d), 0, 128, 0);
  }
}
