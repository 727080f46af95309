package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;

/**
 * C[m,n] = act(A[m,k] W + bias) with A and C in f32 and plain weights W[k,n] (gemm.gk). Weights beyond one binding are copied into
 * scratch memory, some columns at a time: windows over k would have to carry unfinished sums from launch to launch.
 */
final class ColumnProduct {
  private static final int TILE = RowProduct.TILE;
  private static final long MOST = RowProduct.MOST;
  /** The most bytes of columns that are copied at a time. */
  private static final long MOST_COPIED = 64 << 20;
  private static final int SCRATCH = 2;

  private final Launcher launcher;
  private final ElementType type;
  private final Windows windows;
  private final Copy copy;
  private final Launch plain;
  private final Launch biased;

  ColumnProduct(Launcher launcher, ElementType type, boolean bias) {
    this.launcher = launcher;
    this.type = type;
    windows = new Windows(launcher);
    plain = bias ? null : launcher.prepare("gemm_" + type.label());
    biased = bias ? launcher.prepare("gemm_bias_" + type.label()) : null;
    copy = new Copy(launcher, type);
  }

  /** The product; {@code bias} is null exactly if the kernel was prepared without. */
  void run(Buffer a, Buffer w, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    if (windows.rows("n", n * type.blockBytes()) >= k && n <= MOST) {
      multiply(a, w, bias, activation, c, m, n, k, 0, n);
      return;
    }
    long step = step(k);
    for (long j = 0; j < n; j += step) {
      long columns = Math.min(step, n - j);
      Buffer part = launcher.scratch(SCRATCH, (type.bytesFor(columns * k) + 3) / 4 * 4);
      copy.columns(w, part, j, columns, n, k);
      multiply(a, part, bias, activation, c, m, n, k, j, columns);
    }
  }

  /** Columns copied at a time: whole tiles where possible. */
  private long step(long k) {
    long most = Math.min(windows.rows("k", k * type.blockBytes()), Math.max(TILE, MOST_COPIED / Math.max(1, k * type.blockBytes())));
    most = Math.min(most, MOST);
    return most < TILE ? most : most / TILE * TILE;
  }

  /** Columns j to j + columns of C, whose weights are w[k,columns]. */
  private void multiply(Buffer a, Buffer w, Buffer bias, Activation activation, Buffer c, long m, long n, long k, long j, long columns) {
    Launch launch = bias == null ? plain : biased;
    long step = Math.min(Math.min(windows.rows("k", 4 * k), windows.rows("n", 4 * n)), MOST);
    for (long i = 0; i < m; i += step) {
      long rows = Math.min(step, m - i);
      launch.part(a, i * k, rows * k);
      Unaligned.bind(launch, w, 0, type.bytesFor(columns * k));
      if (bias != null) {
        launch.part(bias, j, columns);
      }
      launch.part(c, i * n + j, (rows - 1) * n + columns);
      launch.value(rows).value(columns).value(k).value(Unaligned.late(w, 0) / type.blockBytes()).value(n);
      if (bias != null) {
        launch.value(activation.ordinal());
      }
      launch.grid((int) ((columns + TILE - 1) / TILE), (int) ((rows + TILE - 1) / TILE), 1);
    }
  }
}
