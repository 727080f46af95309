package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * IQ4_XS, 256 numbers in 136 bytes, in 8 sub-blocks of 32, value d (s - 32) v[q] with the values of {@link FormatIQ4_NL}.
 * <pre>
 *  0  f16 d
 *  2  u16: the high two bits of s[i] in bits 2 i
 *  4  4 bytes: the low nibbles of s, even sub-blocks in the low nibble
 *  8  128 bytes: 16 for each sub-block, its element j in the low, j + 16 in the high nibble
 * </pre>
 * The encoder is {@link SharedScales} with f from 0.6 to 1.5.
 */
enum FormatIQ4_XS implements BlockCodec {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.IQ4_XS;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int sub = 0; sub < 8; sub++) {
      int low = Fields.u8(blocks, at + 4 + sub / 2) >> sub % 2 * 4 & 15;
      int high = Fields.u16(blocks, at + 2) >> sub * 2 & 3;
      float scale = d * ((low | high << 4) - 32);
      for (int j = 0; j < 32; j++) {
        out[to + sub * 32 + j] = scale * FormatIQ4_NL.LEVELS.value(Fields.nibble(blocks, at + 8 + sub * 16, j, 32));
      }
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    SharedScales found = new SharedScales(FormatIQ4_NL.LEVELS, 32, 32, 0.6, 1.5, x, from);
    int[] q = found.codes();
    int high = 0;
    for (int sub = 0; sub < 8; sub++) {
      high |= found.scale(sub) + 32 >> 4 << 2 * sub;
      Fields.nibbles(blocks, at + 8 + sub * 16, q, sub * 32, 32);
    }
    Fields.half(blocks, at, found.d());
    Fields.u16(blocks, at + 2, high);
    for (int i = 0; i < 4; i++) {
      Fields.u8(blocks, at + 4 + i, found.scale(2 * i) + 32 & 15 | (found.scale(2 * i + 1) + 32 & 15) << 4);
    }
  }
}
