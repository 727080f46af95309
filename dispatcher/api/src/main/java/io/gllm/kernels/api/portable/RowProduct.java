package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;

/**
 * C[m,n] = A[m,k] W^T with weights in rows [n][k] (gemv.gk, gemm.gk), in windows of the rows of A and W. A and C are f32, whatever type
 * their buffers name. Both kernels sum in the same order, so that the number of rows does not change the bits.
 */
final class RowProduct {
  /** Above this many rows tiles of 64 x 64 read the weights less often than one launch with a group for each row. */
  private static final long FEW = 8;
  private static final int GEMV_ROWS = 4;
  static final int TILE = 64;
  /** The most rows or columns of one launch: a grid has up to 65535 tiles in each direction. */
  static final long MOST = 65535L * TILE;

  private final ElementType type;
  private final Windows windows;
  private final Launch gemv;
  private final Launch gemm;
  private final DeviceTable table;

  RowProduct(Launcher launcher, ElementType type) {
    this.type = type;
    windows = new Windows(launcher);
    gemv = launcher.prepare("gemv_" + type.label());
    gemm = launcher.prepare("gemm_bt_" + type.label());
    table = new DeviceTable(launcher, type);
  }

  void run(Buffer a, Buffer w, Buffer c, long m, long n, long k) {
    table.load();
    long rowBytes = type.bytesFor(k);
    long mStep = Math.min(Math.min(windows.rows("k", 4 * k), windows.rows("n", 4 * n)), MOST);
    long nStep = Math.min(windows.rows("k", rowBytes), MOST);
    for (long i = 0; i < m; i += mStep) {
      long rows = Math.min(mStep, m - i);
      for (long j = 0; j < n; j += nStep) {
        long columns = Math.min(nStep, n - j);
        if (m <= FEW) {
          Unaligned.bind(gemv, w, j * rowBytes, columns * rowBytes);
          table.bind(gemv);
          floats(gemv, a, i * k, rows * k);
          floats(gemv, c, i * n + j, (rows - 1) * n + columns);
          gemv.value(columns).value(k).value(Unaligned.lateElements(w, j * rowBytes)).value(n);
          long groups = (columns + GEMV_ROWS - 1) / GEMV_ROWS;
          gemv.grid((int) Math.min(groups, Launch.FOLD), (int) ((groups + Launch.FOLD - 1) / Launch.FOLD), (int) rows);
        } else {
          floats(gemm, a, i * k, rows * k);
          Unaligned.bind(gemm, w, j * rowBytes, columns * rowBytes);
          table.bind(gemm);
          floats(gemm, c, i * n + j, (rows - 1) * n + columns);
          gemm.value(rows).value(columns).value(k).value(Unaligned.lateElements(w, j * rowBytes)).value(n);
          gemm.grid((int) ((columns + TILE - 1) / TILE), (int) ((rows + TILE - 1) / TILE), 1);
        }
      }
    }
  }

  /** Part of an operand in f32; scratch memory is not typed so. */
  private static void floats(Launch launch, Buffer buffer, long from, long count) {
    launch.words(buffer.memory(), buffer.byteOffset() + 4 * from, count);
  }
}
