package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.CodeBook;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * IQ2_S, 256 numbers in 82 bytes, value d (0.5 + s) / 4 times a number of the grid, with a sign.
 * <pre>
 *   0  f16 d
 *   2  32 bytes, each for 8 elements: low byte of the grid row
 *  34  32 bytes of signs, a bit for each element
 *  66  8 bytes, each for 32 elements: the high 2 bits of 4 grid rows
 *  74  8 bytes, each for 32 elements: low nibble s of the first 16, high nibble of the others
 * </pre>
 */
enum FormatIQ2_S implements BlockFormat {
  INSTANCE;

  private static final Grid GRID = new Grid(CodeBook.IQ2_S);

  @Override
  public QuantFormat format() {
    return QuantFormat.IQ2_S;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int i = 0; i < 32; i++) {
      int row = Fields.u8(blocks, at + 2 + i) | (Fields.u8(blocks, at + 66 + i / 4) >> i % 4 * 2 & 3) << 8;
      int s = Fields.u8(blocks, at + 74 + i / 4) >> i % 4 / 2 * 4 & 15;
      GRID.put(row, d * (0.5f + s) * 0.25f, Fields.u8(blocks, at + 34 + i), out, to + i * 8);
    }
  }
}
