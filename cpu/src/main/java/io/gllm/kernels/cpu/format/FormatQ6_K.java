package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q6_K, 256 numbers in 210 bytes, in 16 sub-blocks of 16, value d s (q - 32).
 * <pre>
 *    0  128 bytes: 64 bytes for each 128 elements; the low nibble of elements 0..63 of them, the high nibble of 64..127
 *  128  64 bytes: 32 bytes for each 128 elements, the high two bits of element j in bits 2 (j / 32) of byte j % 32
 *  192  16 x i8 s
 *  208  f16 d
 * </pre>
 * The encoder is {@link SharedScales} with f from 0.7 to 1.2.
 */
enum FormatQ6_K implements BlockCodec {
  INSTANCE;

  private static final Levels LEVELS = Levels.range(-32, 31);

  @Override
  public QuantFormat format() {
    return QuantFormat.Q6_K;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at + 208);
    for (int j = 0; j < 256; j++) {
      int low = Fields.nibble(blocks, at + j / 128 * 64, j % 128, 128);
      int high = Fields.u8(blocks, at + 128 + j / 128 * 32 + j % 32) >> j % 128 / 32 * 2 & 3;
      float scale = d * Fields.i8(blocks, at + 192 + j / 16);
      out[to + j] = scale * ((low | high << 4) - 32);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    SharedScales found = new SharedScales(LEVELS, 16, 128, 0.7, 1.2, x, from);
    int[] q = found.codes();
    Fields.nibbles(blocks, at, q, 0, 128);
    Fields.nibbles(blocks, at + 64, q, 128, 128);
    for (int i = 0; i < 64; i++) {
      int j = i / 32 * 128 + i % 32;
      Fields.u8(blocks, at + 128 + i, q[j] >> 4 | q[j + 32] >> 4 << 2 | q[j + 64] >> 4 << 4 | q[j + 96] >> 4 << 6);
    }
    for (int sub = 0; sub < 16; sub++) {
      Fields.u8(blocks, at + 192 + sub, found.scale(sub));
    }
    Fields.half(blocks, at + 208, found.d());
  }
}
