package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q3_K, 256 numbers in 110 bytes, in 16 sub-blocks of 16, value d (s - 32) (q - 4).
 * <pre>
 *    0  32 bytes: the third bit of the code of element j in bit j / 32 of byte j % 32
 *   32  64 bytes of 2-bit codes: 32 bytes for each 128 elements, element j in bits 2 (j / 32) of byte j % 32
 *   96  12 bytes of 6-bit s: low nibbles of s[i] and s[i + 8] in byte i < 8; the high bits of s[i] in bits 2 (i / 4) of byte 8 + i % 4
 *  108  f16 d
 * </pre>
 * The encoder is {@link SharedScales} with f from 0.3 to 2.
 */
enum FormatQ3_K implements BlockCodec {
  INSTANCE;

  private static final Levels LEVELS = Levels.range(-4, 3);

  @Override
  public QuantFormat format() {
    return QuantFormat.Q3_K;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at + 108);
    for (int j = 0; j < 256; j++) {
      int low = Fields.u8(blocks, at + 32 + j / 128 * 32 + j % 32) >> j % 128 / 32 * 2 & 3;
      int high = Fields.u8(blocks, at + j % 32) >> j / 32 & 1;
      out[to + j] = d * (scale(blocks, at + 96, j / 16) - 32) * ((low | high << 2) - 4);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    SharedScales found = new SharedScales(LEVELS, 16, 32, 0.3, 2, x, from);
    int[] q = found.codes();
    for (int i = 0; i < 32; i++) {
      int high = 0;
      for (int j = 0; j < 8; j++) {
        high |= q[j * 32 + i] >> 2 << j;
      }
      Fields.u8(blocks, at + i, high);
    }
    for (int i = 0; i < 64; i++) {
      int j = i / 32 * 128 + i % 32;
      Fields.u8(blocks, at + 32 + i, q[j] & 3 | (q[j + 32] & 3) << 2 | (q[j + 64] & 3) << 4 | (q[j + 96] & 3) << 6);
    }
    for (int i = 0; i < 8; i++) {
      Fields.u8(blocks, at + 96 + i, found.scale(i) + 32 & 15 | (found.scale(i + 8) + 32 & 15) << 4);
    }
    for (int i = 0; i < 4; i++) {
      int high = 0;
      for (int j = 0; j < 4; j++) {
        high |= found.scale(i + 4 * j) + 32 >> 4 << 2 * j;
      }
      Fields.u8(blocks, at + 104 + i, high);
    }
    Fields.half(blocks, at + 108, found.d());
  }

  private static int scale(MemorySegment s, long at, int sub) {
    int low = Fields.u8(s, at + sub % 8) >> sub / 8 * 4 & 15;
    return low | (Fields.u8(s, at + 8 + sub % 4) >> sub / 4 * 2 & 3) << 4;
  }
}
