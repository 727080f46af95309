package io.gllm.kernels.checkpoint;

/**
 * Additions to a few elements of a matrix [N][K], as compressed rows.
 *
 * @param starts [N + 1]: where the entries of each row start
 * @param columns input of each entry
 * @param values what is added
 */
public record SparseRows(int[] starts, int[] columns, float[] values) {
  /** No additions to {@code rows} rows. */
  static SparseRows none(int rows) {
    return new SparseRows(new int[rows + 1], new int[0], new float[0]);
  }

  /**
   * Checks the entries against the size of the matrix.
   *
   * @throws IllegalArgumentException if an entry is out of range, out of order or there twice
   */
  void require(int rows, int inputs) {
    if (starts.length != rows + 1 || columns.length != values.length || starts[0] != 0 || starts[rows] != values.length) {
      throw new IllegalArgumentException("rows, cols and vals have " + starts.length + ", " + columns.length + " and " + values.length
          + " entries, which do not fit each other or " + rows + " outputs");
    }
    for (int n = 0; n < rows; n++) {
      if (starts[n + 1] < starts[n] || starts[n + 1] > values.length) {
        throw new IllegalArgumentException("rows[" + (n + 1) + "] is " + starts[n + 1] + " after " + starts[n]);
      }
      for (int e = starts[n]; e < starts[n + 1]; e++) {
        if (columns[e] < 0 || columns[e] >= inputs || e > starts[n] && columns[e] <= columns[e - 1]) {
          throw new IllegalArgumentException("cols[" + e + "] is " + columns[e] + ", not ascending within 0 to " + (inputs - 1));
        }
      }
    }
  }

  /** Adds the entries of a row to its numbers from {@code at}. */
  void addTo(int row, float[] out, int at) {
    for (int e = starts[row]; e < starts[row + 1]; e++) {
      out[at + columns[e]] += values[e];
    }
  }
}
