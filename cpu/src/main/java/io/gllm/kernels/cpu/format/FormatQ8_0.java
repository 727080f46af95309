package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q8_0, 32 numbers in 34 bytes, value d q.
 * <pre>
 *  0  f16 d
 *  2  32 x i8 q
 * </pre>
 * The encoder, for weights, is {@link ScaleFit} with f from 0.85 to 1.03; activations are encoded by the rule of the operator
 * quantize, which has no search.
 */
enum FormatQ8_0 implements BlockCodec {
  INSTANCE;

  /** Without -128, which integer products with signs moved from one factor to the other cannot hold. */
  static final Levels LEVELS = Levels.range(-127, 127);

  @Override
  public QuantFormat format() {
    return QuantFormat.Q8_0;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * Fields.i8(blocks, at + 2 + j);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(LEVELS, 0.85, 1.03, Fields::roundToHalf).fit(x, from, 32);
    int[] codes = LEVELS.nearest(x, from, 32, d);
    Fields.half(blocks, at, (float) d);
    for (int j = 0; j < 32; j++) {
      Fields.u8(blocks, at + 2 + j, LEVELS.value(codes[j]));
    }
  }
}
