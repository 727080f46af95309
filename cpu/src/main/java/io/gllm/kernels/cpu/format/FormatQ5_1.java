package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q5_1, 32 numbers in 24 bytes, value d q + m.
 * <pre>
 *  0  f16 d
 *  2  f16 m
 *  4  32 bits: the fifth bit of each code
 *  8  16 bytes: element j in the low, j + 16 in the high nibble
 * </pre>
 * The encoder is {@link OffsetFit}.
 */
enum FormatQ5_1 implements BlockCodec {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q5_1;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    float m = Fields.half(blocks, at + 2);
    int high = Fields.u32(blocks, at + 4);
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * (Fields.nibble(blocks, at + 8, j, 32) | (high >> j & 1) << 4) + m;
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    OffsetFit search = new OffsetFit(31, false, Fields::roundToHalf);
    search.fit(x, from, 32);
    int[] codes = OffsetFit.codes(31, x, from, 32, search.scale(), search.offset());
    Fields.half(blocks, at, (float) search.scale());
    Fields.half(blocks, at + 2, (float) search.offset());
    Fields.bits(blocks, at + 4, codes, 0, 32, 4);
    Fields.nibbles(blocks, at + 8, codes, 0, 32);
  }
}
