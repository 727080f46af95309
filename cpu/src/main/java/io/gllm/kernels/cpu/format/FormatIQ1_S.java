package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.CodeBook;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * IQ1_S, 256 numbers in 50 bytes, value d (2 s + 1) (g + 1/8) or (g - 1/8) with g -1, 0 or 1 of the grid.
 * <pre>
 *   0  f16 d
 *   2  32 bytes, each for 8 elements: low byte of the grid row
 *  34  8 x u16, each for 32 elements: 4 x 3 high bits of grid rows, 3 bits s, and 1 for -1/8
 * </pre>
 */
enum FormatIQ1_S implements BlockFormat {
  INSTANCE;

  private static final Grid GRID = new Grid(CodeBook.IQ1);

  @Override
  public QuantFormat format() {
    return QuantFormat.IQ1_S;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int i = 0; i < 32; i++) {
      int high = Fields.u16(blocks, at + 34 + i / 4 * 2);
      int row = Fields.u8(blocks, at + 2 + i) | (high >> i % 4 * 3 & 7) << 8;
      float scale = d * (2 * (high >> 12 & 7) + 1);
      GRID.putShifted(row, scale, high >> 15 != 0 ? -0.125f : 0.125f, out, to + i * 8);
    }
  }
}
