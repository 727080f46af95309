package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q8_1, 32 numbers in 36 bytes, value d q; made for activations.
 * <pre>
 *  0  f16 d
 *  2  f16 s = d times the sum of q
 *  4  32 x i8 q
 * </pre>
 * The encoder is {@link ScaleFit} with f from 0.85 to 1.03. A sum beyond f16 becomes its largest number.
 */
enum FormatQ8_1 implements BlockCodec {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q8_1;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * Fields.i8(blocks, at + 4 + j);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(FormatQ8_0.LEVELS, 0.85, 1.03, Fields::roundToHalf).fit(x, from, 32);
    int[] codes = FormatQ8_0.LEVELS.nearest(x, from, 32, d);
    int sum = 0;
    for (int j = 0; j < 32; j++) {
      int q = FormatQ8_0.LEVELS.value(codes[j]);
      Fields.u8(blocks, at + 4 + j, q);
      sum += q;
    }
    Fields.half(blocks, at, (float) d);
    Fields.half(blocks, at + 2, (float) Fields.roundToHalf(d * sum));
  }
}
