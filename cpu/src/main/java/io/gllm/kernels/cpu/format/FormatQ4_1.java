package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q4_1, 32 numbers in 20 bytes, value d q + m.
 * <pre>
 *  0  f16 d
 *  2  f16 m
 *  4  16 bytes: element j in the low, j + 16 in the high nibble
 * </pre>
 * The encoder is {@link OffsetFit}.
 */
enum FormatQ4_1 implements BlockCodec {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q4_1;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    float m = Fields.half(blocks, at + 2);
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * Fields.nibble(blocks, at + 4, j, 32) + m;
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    OffsetFit search = new OffsetFit(15, false, Fields::roundToHalf);
    search.fit(x, from, 32);
    Fields.half(blocks, at, (float) search.scale());
    Fields.half(blocks, at + 2, (float) search.offset());
    Fields.nibbles(blocks, at + 4, OffsetFit.codes(15, x, from, 32, search.scale(), search.offset()), 0, 32);
  }
}
