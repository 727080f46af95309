package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;

/**
 * The largest element of each chunk of 16384 elements of rows, and its index (argmax_chunks.gk), in scratch memory 0 and 1: for the
 * kernels that need the largest element of a row.
 */
final class RowChunks {
  private static final int CHUNK = 16384;

  private final Launcher launcher;
  private final Windows windows;
  private final Launch launch;
  private final int bytes;
  private Buffer best;
  private Buffer token;
  private long chunks;

  RowChunks(Launcher launcher, ElementType type) {
    this.launcher = launcher;
    this.bytes = type.blockBytes();
    windows = new Windows(launcher);
    launch = launcher.prepare("argmax_chunks_" + type.label());
  }

  /** The most rows that {@link #find} takes. */
  long rows(long cols) {
    return windows.rows((cols + CHUNK - 1) / CHUNK * 4);
  }

  /** Finds the largest elements of rows {@code first} to {@code first + rows}; x may start in the middle of a word. */
  void find(Buffer x, long first, long rows, long cols) {
    chunks = (cols + CHUNK - 1) / CHUNK;
    best = launcher.scratch(0, rows * chunks * 4);
    token = launcher.scratch(1, rows * chunks * 4);
    long rowsAtOnce = Math.max(1, launcher.windowBytes() / (cols * bytes + 4));
    long colsAtOnce = rowsAtOnce > 1 ? cols : Math.min(cols, windows.elements(bytes) - (bytes == 4 ? 0 : CHUNK));
    for (long row = 0; row < rows; row += rowsAtOnce) {
      long count = Math.min(rowsAtOnce, rows - row);
      for (long col = 0; col < cols; col += colsAtOnce) {
        part(x, (first + row) * cols + col, row, count, col, Math.min(colsAtOnce, cols - col), cols);
      }
    }
  }

  private void part(Buffer x, long at, long row, long rows, long col, long width, long cols) {
    long start = x.byteOffset() + at * bytes;
    long odd = start / 2 & (bytes == 4 ? 0 : 1);
    launch.words(x.memory(), start - odd * bytes, (((rows - 1) * cols + width + odd) * bytes + 3) / 4);
    best(launch, row, rows);
    launch.words(token.memory(), token.byteOffset() + row * chunks * 4, rows * chunks);
    launch.value(rows).value(cols).value(width).value(col / CHUNK).value(chunks).value(odd);
    launch.groups(rows * ((width + CHUNK - 1) / CHUNK));
  }

  /** Chunks of a row. */
  long chunks() {
    return chunks;
  }

  /** Hands on the largest elements of some of the rows found. */
  Launch best(Launch launch, long row, long rows) {
    return launch.words(best.memory(), best.byteOffset() + row * chunks * 4, rows * chunks);
  }

  /** Hands on the indices of the largest elements of all rows found. */
  Launch token(Launch launch, long rows) {
    return launch.words(token.memory(), token.byteOffset(), rows * chunks);
  }
}
