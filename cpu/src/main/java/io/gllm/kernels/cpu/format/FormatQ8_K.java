package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q8_K, 256 numbers in 292 bytes, value d q; made for activations.
 * <pre>
 *    0  f32 d
 *    4  256 x i8 q
 *  260  16 x i16: the sums of 16 q
 * </pre>
 * The encoder is {@link ScaleFit} with f from 0.9 to 1.03; the operator quantize has a rule without search.
 */
enum FormatQ8_K implements BlockCodec {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q8_K;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.f32(blocks, at);
    for (int j = 0; j < 256; j++) {
      out[to + j] = d * Fields.i8(blocks, at + 4 + j);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(FormatQ8_0.LEVELS, 0.9, 1.03, v -> (float) v).fit(x, from, 256);
    int[] codes = FormatQ8_0.LEVELS.nearest(x, from, 256, d);
    Fields.f32(blocks, at, (float) d);
    for (int group = 0; group < 16; group++) {
      int sum = 0;
      for (int j = group * 16; j < group * 16 + 16; j++) {
        int q = FormatQ8_0.LEVELS.value(codes[j]);
        Fields.u8(blocks, at + 4 + j, q);
        sum += q;
      }
      Fields.u16(blocks, at + 260 + group * 2, sum);
    }
  }
}
