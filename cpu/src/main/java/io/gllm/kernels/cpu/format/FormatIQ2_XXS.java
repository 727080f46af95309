package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.CodeBook;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * IQ2_XXS, 256 numbers in 66 bytes, value d (0.5 + s) / 4 times a number of the grid, with a sign.
 * <pre>
 *  0  f16 d
 *  2  8 bytes for each 32 elements: 4 grid rows of 8 numbers (u8), u32 of 4 x 7 bits of signs and, highest, 4 bits s
 * </pre>
 */
enum FormatIQ2_XXS implements BlockFormat {
  INSTANCE;

  private static final Grid GRID = new Grid(CodeBook.IQ2_XXS);

  @Override
  public QuantFormat format() {
    return QuantFormat.IQ2_XXS;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int part = 0; part < 8; part++) {
      int bits = Fields.u32(blocks, at + 2 + part * 8 + 4);
      float scale = d * (0.5f + (bits >>> 28)) * 0.25f;
      for (int i = 0; i < 4; i++) {
        int row = Fields.u8(blocks, at + 2 + part * 8 + i);
        GRID.put(row, scale, Grid.evenSigns(bits >>> 7 * i & 127), out, to + part * 32 + i * 8);
      }
    }
  }
}
