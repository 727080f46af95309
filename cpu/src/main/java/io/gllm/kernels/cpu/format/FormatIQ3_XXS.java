package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.CodeBook;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * IQ3_XXS, 256 numbers in 98 bytes, value d (0.5 + s) / 2 times a number of the grid, with a sign.
 * <pre>
 *   0  f16 d
 *   2  64 bytes, each a grid row of 4 numbers
 *  66  8 x u32, each for 32 elements: 4 x 7 bits of signs and, highest, 4 bits s
 * </pre>
 */
enum FormatIQ3_XXS implements BlockFormat {
  INSTANCE;

  private static final Grid GRID = new Grid(CodeBook.IQ3_XXS);

  @Override
  public QuantFormat format() {
    return QuantFormat.IQ3_XXS;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int i = 0; i < 32; i++) {
      int bits = Fields.u32(blocks, at + 66 + i / 4 * 4);
      float scale = d * (0.5f + (bits >>> 28)) * 0.5f;
      int signs = Grid.evenSigns(bits >>> i % 4 * 7 & 127);
      GRID.put(Fields.u8(blocks, at + 2 + i * 2), scale, signs, out, to + i * 8);
      GRID.put(Fields.u8(blocks, at + 3 + i * 2), scale, signs >> 4, out, to + i * 8 + 4);
    }
  }
}
