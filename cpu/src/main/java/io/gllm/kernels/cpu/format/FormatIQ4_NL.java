package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * IQ4_NL, 32 numbers in 18 bytes, value d v[q] with 16 values v that lie closer to each other around zero.
 * <pre>
 *  0  f16 d
 *  2  16 bytes: element j in the low, j + 16 in the high nibble
 * </pre>
 * The encoder is {@link ScaleFit} with f from 0.6 to 1.5.
 */
enum FormatIQ4_NL implements BlockCodec {
  INSTANCE;

  /** The 16 values, shared with IQ4_XS. */
  static final Levels LEVELS = new Levels(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

  @Override
  public QuantFormat format() {
    return QuantFormat.IQ4_NL;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * LEVELS.value(Fields.nibble(blocks, at + 2, j, 32));
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(LEVELS, 0.6, 1.5, Fields::roundToHalf).fit(x, from, 32);
    Fields.half(blocks, at, (float) d);
    Fields.nibbles(blocks, at + 2, LEVELS.nearest(x, from, 32, d), 0, 32);
  }
}
