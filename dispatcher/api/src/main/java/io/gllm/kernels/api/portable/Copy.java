package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;

/** Copies of weights in another order (copy.gk), bit by bit; elements of 4 bytes, or, also for quantised blocks, of 2, or of 1. */
final class Copy {
  private static final int GROUP = 256;

  private final Windows windows;
  private final Launch launch;
  private final int bytes;

  Copy(Launcher launcher, ElementType type) {
    windows = new Windows(launcher);
    bytes = type.blockBytes() == 4 ? 4 : type.blockBytes() % 2 == 0 ? 2 : 1;
    launch = launcher.prepare("copy_" + 8 * bytes);
  }

  /** {@code length} bytes as they are. */
  void straight(Buffer from, Buffer to, long length) {
    long step = windows.elements(4);
    long n = length / bytes;
    for (long i = 0; i < n; i += step) {
      long count = Math.min(step, n - i);
      Unaligned.bind(launch, from, i * bytes, count * bytes);
      launch.words(to.memory(), to.byteOffset() + i * bytes, (count * bytes + 3) / 4);
      launch(count, count, 0, count, Unaligned.late(from, i * bytes) / bytes, 0, 1);
    }
  }

  /** Rows [n][k] of a matrix [k][n]. */
  void transposed(Buffer from, Buffer to, long n, long k) {
    long kStep = windows.rows("n", n * bytes);
    long nStep = even(windows.rows("k", k * bytes), n);
    for (long j = 0; j < n; j += nStep) {
      long rows = Math.min(nStep, n - j);
      for (long i = 0; i < k; i += kStep) {
        long count = Math.min(kStep, k - i);
        Unaligned.bind(launch, from, i * n * bytes, count * n * bytes);
        launch.words(to.memory(), to.byteOffset() + j * k * bytes, (rows * k * bytes + 3) / 4);
        launch(rows * k, k, i, i + count, Unaligned.late(from, i * n * bytes) / bytes + j, 1, n);
      }
    }
  }

  /** A matrix [k][columns] of columns j to j + columns of a matrix [k][n]; {@code to} holds no more than a window. */
  void columns(Buffer from, Buffer to, long j, long columns, long n, long k) {
    long step = even(windows.rows("n", n * bytes), k);
    for (long i = 0; i < k; i += step) {
      long count = Math.min(step, k - i);
      Unaligned.bind(launch, from, i * n * bytes, count * n * bytes);
      launch.words(to.memory(), to.byteOffset() + i * columns * bytes, (count * columns * bytes + 3) / 4);
      launch(count * columns, columns, 0, columns, Unaligned.late(from, i * n * bytes) / bytes + j, n, 1);
    }
  }

  /** Several windows have an even number of rows each, so that they start at whole words. */
  private static long even(long rows, long total) {
    if (rows < 2 && rows < total) {
      throw new IllegalArgumentException("two rows of the matrix are more than one binding of the device holds");
    }
    return rows < total ? rows / 2 * 2 : rows;
  }

  private void launch(long n, long pitch, long first, long end, long at, long rowStep, long columnStep) {
    launch.value(n).value(pitch).value(first).value(end).value(at).value(rowStep).value(columnStep);
    long threads = (n * bytes + 3) / 4;
    launch.groups((threads + GROUP - 1) / GROUP);
  }
}
