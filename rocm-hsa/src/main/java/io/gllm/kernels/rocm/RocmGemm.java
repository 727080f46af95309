package io.gllm.kernels.rocm;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/**
 * Products of 16-bit matrices with the matrix instructions of CDNA and RDNA (matrix_gemm.hip). Activations in f32 are left to the
 * portable kernel: rounded to 16 bits, they would exceed the error bound.
 */
final class RocmGemm implements MatMul.Gemm {
  /** Below, a product is bound by the reading of the weights, which the portable gemv reads in rows. */
  private static final int LEAST_ROWS = 9;
  private static final int LARGE = 128;
  private static final int SMALL = 64;
  /** From so many large tiles on a GPU is busy; with fewer, small ones occupy four times as many groups. */
  private static final long BUSY = 128;
  /** Rows of tiles that neighbouring groups share. */
  private static final int PANEL = 8;
  private static final long MOST = 1L << 30;
  private static final int WHOLE_A = 1;
  private static final int WHOLE_B = 2;
  private static final int WHOLE_C = 4;

  private final ElementType type;
  private final boolean columns;
  private final MatMul.Gemm next;
  private final TunedLaunch large;
  private final TunedLaunch small;

  private RocmGemm(Launcher launcher, ElementType type, boolean columns, MatMul.Gemm next) {
    this.type = type;
    this.columns = columns;
    this.next = next;
    List<String> symbols = columns ? columnSymbols(type) : rowSymbols(type);
    large = new TunedLaunch(launcher, symbols.get(0));
    small = new TunedLaunch(launcher, symbols.get(1));
  }

  /** With weights [n][k], which is also the packed order. */
  static MatMul.Gemm rows(Launcher launcher, ElementType type, MatMul.Gemm next) {
    return new RocmGemm(launcher, type, false, next);
  }

  /** With weights [k][n]. */
  static MatMul.Gemm columns(Launcher launcher, ElementType type, MatMul.Gemm next) {
    return new RocmGemm(launcher, type, true, next);
  }

  static List<String> rowSymbols(ElementType type) {
    return List.of("matrix_gemm_bt_" + type.label(), "matrix_gemm_bt_small_" + type.label());
  }

  static List<String> columnSymbols(ElementType type) {
    return List.of("matrix_gemm_" + type.label(), "matrix_gemm_small_" + type.label());
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    boolean isLarge = tiles(m, LARGE) * tiles(n, LARGE) >= BUSY;
    TunedLaunch tuned = isLarge ? large : small;
    if (fits(a, b, c, m, n, k) && tuned.isGood()) {
      run(tuned.launch(), isLarge ? LARGE : SMALL, a, b, c, m, n, k);
    } else {
      next.run(a, b, c, m, n, k);
    }
  }

  private boolean fits(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    boolean inRange = m >= LEAST_ROWS && n >= 1 && k >= 1 && m <= MOST && n <= MOST && k <= MOST && groups(m, n, SMALL) <= MOST;
    return a.type() == type && inRange && ((a.address() | b.address() | c.address()) & 3) == 0;
  }

  private void run(Launch launch, int tile, Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    int whole = (isWhole(a, k) ? WHOLE_A : 0) | (isWhole(b, columns ? n : k) ? WHOLE_B : 0) | (isWhole(c, n) ? WHOLE_C : 0);
    launch.buffer(a, m * k).buffer(b, n * k).buffer(c, m * n);
    launch.value(m).value(n).value(k).value(whole).groups(groups(m, n, tile));
  }

  /** Whether every row begins and ends at whole 16 bytes. */
  private static boolean isWhole(Buffer matrix, long columns) {
    return columns % 8 == 0 && (matrix.address() & 15) == 0;
  }

  private static long groups(long m, long n, int tile) {
    return tiles(tiles(m, tile), PANEL) * PANEL * tiles(n, tile);
  }

  private static long tiles(long size, int tile) {
    return (size + tile - 1) / tile;
  }
}
