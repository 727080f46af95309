package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.CodeBook;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * IQ1_M, 256 numbers in 56 bytes, value d (2 s + 1) (g + 1/8) or (g - 1/8) with g -1, 0 or 1 of the grid.
 * <pre>
 *   0  32 bytes, each for 8 elements: low byte of the grid row
 *  32  16 bytes of nibbles, each for 8 elements, low first: 3 high bits of the grid row, and 1 for -1/8
 *  48  4 x u16, each for 64 elements: 4 x 3 bits s, each for 16 elements; the highest nibbles are d, an f16, lowest first
 * </pre>
 */
enum FormatIQ1_M implements BlockFormat {
  INSTANCE;

  private static final Grid GRID = new Grid(CodeBook.IQ1);

  @Override
  public QuantFormat format() {
    return QuantFormat.IQ1_M;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = scale(blocks, at + 48);
    for (int i = 0; i < 32; i++) {
      int high = Fields.u8(blocks, at + 32 + i / 2) >> i % 2 * 4 & 15;
      int row = Fields.u8(blocks, at + i) | (high & 7) << 8;
      int s = Fields.u16(blocks, at + 48 + i / 8 * 2) >> i % 8 / 2 * 3 & 7;
      GRID.putShifted(row, d * (2 * s + 1), high >> 3 != 0 ? -0.125f : 0.125f, out, to + i * 8);
    }
  }

  private static float scale(MemorySegment s, long at) {
    int bits = 0;
    for (int i = 0; i < 4; i++) {
      bits |= Fields.u16(s, at + i * 2) >> 12 << 4 * i;
    }
    return Float.float16ToFloat((short) bits);
  }
}
