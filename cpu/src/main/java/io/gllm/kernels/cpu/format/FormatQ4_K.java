package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q4_K, 256 numbers in 144 bytes, in 8 sub-blocks of 32, value d s q - dmin m.
 * <pre>
 *   0  f16 d
 *   2  f16 dmin
 *   4  12 bytes of 6-bit s and m ({@link SixBits})
 *  16  128 bytes: 32 bytes for each 64 elements, low nibbles first
 * </pre>
 * The encoder is {@link SharedOffsets}.
 */
enum FormatQ4_K implements BlockCodec {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q4_K;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    float dmin = Fields.half(blocks, at + 2);
    for (int sub = 0; sub < 8; sub++) {
      float scale = d * SixBits.scale(blocks, at + 4, sub);
      float min = dmin * SixBits.minimum(blocks, at + 4, sub);
      for (int j = 0; j < 32; j++) {
        int q = Fields.u8(blocks, at + 16 + sub / 2 * 32 + j) >> sub % 2 * 4 & 15;
        out[to + sub * 32 + j] = scale * q - min;
      }
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    SharedOffsets found = new SharedOffsets(15, 32, 63, x, from);
    int[] q = found.codes();
    Fields.half(blocks, at, found.d());
    Fields.half(blocks, at + 2, found.dmin());
    SixBits.store(blocks, at + 4, found);
    for (int run = 0; run < 4; run++) {
      Fields.nibbles(blocks, at + 16 + run * 32, q, run * 64, 64);
    }
  }
}
