package io.gllm.kernels.checkpoint;

import java.lang.foreign.MemorySegment;

/** Rows of {@link SeedFormat} blocks, W[N][K] with K a whole number of blocks. */
public final class SeedBlockMatrix implements CheckpointMatrix {
  private final SeedFormat format;
  private final int rows;
  private final int columns;
  private final MemorySegment blocks;

  /**
   * The matrix in these blocks, which are used in place.
   *
   * @throws IllegalArgumentException if K is no whole number of blocks or the bytes do not fit
   */
  public SeedBlockMatrix(SeedFormat format, int rows, int columns, MemorySegment blocks) {
    if (rows < 1 || columns < 1 || columns % format.blockElements() != 0) {
      throw new IllegalArgumentException(
          rows + " rows of " + columns + " numbers, no whole number of " + format + " blocks of " + format.blockElements());
    }
    this.format = format;
    this.rows = rows;
    this.columns = columns;
    this.blocks = blocks;
    PackedWords.requireBytes("blocks", blocks, rows * rowBytes(), rows + " x " + columns + " numbers in " + format);
  }

  /** Encodes numbers [N][K], see {@link SeedFormat#encode}. */
  public static SeedBlockMatrix encode(SeedFormat format, int rows, int columns, float[] weights) {
    int count = Math.multiplyExact(rows, columns) / format.blockElements();
    MemorySegment blocks = MemorySegment.ofArray(new byte[Math.multiplyExact(count, format.blockBytes())]);
    SeedBlockMatrix matrix = new SeedBlockMatrix(format, rows, columns, blocks);
    for (int b = 0; b < count; b++) {
      format.encode(weights, b * format.blockElements(), blocks, (long) b * format.blockBytes());
    }
    return matrix;
  }

  private long rowBytes() {
    return (long) columns / format.blockElements() * format.blockBytes();
  }

  @Override
  public void decode(int first, int count, float[] out) {
    int perRow = columns / format.blockElements();
    for (int b = 0; b < count * perRow; b++) {
      format.decode(blocks, first * rowBytes() + (long) b * format.blockBytes(), out, b * format.blockElements());
    }
  }

  /** The zero points of AWQ4 and GPTQ4 may be fractions, which have no levels. */
  @Override
  public boolean levels(int first, int count, int[] levels, float[] scales) {
    int elements = format.blockElements();
    for (int b = 0; b < count * (columns / elements); b++) {
      long at = first * rowBytes() + (long) b * format.blockBytes();
      float zero = format.zero(blocks, at);
      if (!(zero == Math.rint(zero) && Math.abs(zero) <= 0x1p16f)) {
        return false;
      }
      for (int j = 0; j < elements; j++) {
        levels[b * elements + j] = format.code(blocks, at, j) - (int) zero;
        scales[b * elements + j] = format.scale(blocks, at);
      }
    }
    return true;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  /** The blocks, row after row. */
  public MemorySegment blocks() {
    return blocks.asReadOnly();
  }

  @Override
  public String format() {
    return format.name();
  }

  @Override
  public String toString() {
    return format + "[" + rows + ", " + columns + "]";
  }
}
