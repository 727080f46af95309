package io.gllm.kernels.checkpoint;

/** Weights that are always whole numbers times scales. */
abstract class ScaledMatrix implements CheckpointMatrix {
  private final int rows;
  private final int columns;

  ScaledMatrix(int rows, int columns) {
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException("a matrix of " + rows + " x " + columns + " has no elements");
    }
    this.rows = rows;
    this.columns = columns;
  }

  @Override
  public final int rows() {
    return rows;
  }

  @Override
  public final int columns() {
    return columns;
  }

  @Override
  public final void decode(int first, int count, float[] out) {
    int[] levels = new int[Math.multiplyExact(count, columns)];
    levels(first, count, levels, out);
    for (int i = 0; i < levels.length; i++) {
      out[i] *= levels[i];
    }
  }

  @Override
  public String toString() {
    return format() + "[" + rows + ", " + columns + "]";
  }
}
