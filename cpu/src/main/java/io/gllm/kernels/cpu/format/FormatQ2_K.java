package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q2_K, 256 numbers in 84 bytes, in 16 sub-blocks of 16, value d s q - dmin m.
 * <pre>
 *   0  16 bytes: low nibble s, high nibble m of a sub-block
 *  16  64 bytes of 2-bit codes: 32 bytes for each 128 elements, element j in bits 2 (j / 32) of byte j % 32
 *  80  f16 d
 *  82  f16 dmin
 * </pre>
 * The encoder is {@link SharedOffsets}.
 */
enum FormatQ2_K implements BlockCodec {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q2_K;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at + 80);
    float dmin = Fields.half(blocks, at + 82);
    for (int j = 0; j < 256; j++) {
      int pair = Fields.u8(blocks, at + j / 16);
      int q = Fields.u8(blocks, at + 16 + j / 128 * 32 + j % 32) >> j % 128 / 32 * 2 & 3;
      out[to + j] = d * (pair & 15) * q - dmin * (pair >> 4);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    SharedOffsets found = new SharedOffsets(3, 16, 15, x, from);
    int[] q = found.codes();
    for (int sub = 0; sub < 16; sub++) {
      Fields.u8(blocks, at + sub, found.scale(sub) | found.minimum(sub) << 4);
    }
    for (int i = 0; i < 64; i++) {
      int j = i / 32 * 128 + i % 32;
      Fields.u8(blocks, at + 16 + i, q[j] | q[j + 32] << 2 | q[j + 64] << 4 | q[j + 96] << 6);
    }
    Fields.half(blocks, at + 80, found.d());
    Fields.half(blocks, at + 82, found.dmin());
  }
}
