package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.CodeBook;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * IQ3_S, 256 numbers in 110 bytes, value d (1 + 2 s) times a number of the grid, with a sign.
 * <pre>
 *    0  f16 d
 *    2  64 bytes, each the low byte of a grid row of 4 numbers
 *   66  64 bits, the high bits of the grid rows
 *   74  32 bytes of signs, a bit for each element
 *  106  4 bytes, each for 64 elements: low nibble s of the first 32, high nibble of the others
 * </pre>
 */
enum FormatIQ3_S implements BlockFormat {
  INSTANCE;

  private static final Grid GRID = new Grid(CodeBook.IQ3_S);

  @Override
  public QuantFormat format() {
    return QuantFormat.IQ3_S;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at);
    for (int i = 0; i < 64; i++) {
      int row = Fields.u8(blocks, at + 2 + i) | (Fields.u8(blocks, at + 66 + i / 8) >> i % 8 & 1) << 8;
      int s = Fields.u8(blocks, at + 106 + i / 16) >> i % 16 / 8 * 4 & 15;
      int signs = Fields.u8(blocks, at + 74 + i / 2) >> i % 2 * 4;
      GRID.put(row, d * (1 + 2 * s), signs, out, to + i * 4);
    }
  }
}
