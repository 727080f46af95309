package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.CodeBook;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * IQ2_XS, 256 numbers in 74 bytes, value d (0.5 + s) / 4 times a number of the grid, with a sign.
 * <pre>
 *   0  f16 d
 *   2  32 x u16, each for 8 elements: grid row in 9 bits, signs in 7
 *  66  8 bytes, each for 32 elements: low nibble s of the first 16, high nibble of the others
 * </pre>
 */
enum FormatIQ2_XS implements BlockFormat {
  INSTANCE;

  private static final Grid GRID = new Grid(CodeBook.IQ2_XS);

  @Override
  public QuantFormat format() {
    return QuantFormat.IQ2_XS;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int i = 0; i < 32; i++) {
      int code = Fields.u16(blocks, at + 2 + i * 2);
      int s = Fields.u8(blocks, at + 66 + i / 4) >> i % 4 / 2 * 4 & 15;
      GRID.put(code & 511, d * (0.5f + s) * 0.25f, Grid.evenSigns(code >> 9), out, to + i * 8);
    }
  }
}
