package io.gllm.kernels.cuda;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/** Products of few rows in f32 with plain weights in rows, which are read once for all of them, 16 bytes at a time (float_gemv.cu). */
final class CudaGemv implements MatMul.Gemv, MatMul.Gemm {
  /** Above, the weights are better read by tiles of many rows. */
  static final int MOST_ROWS = 8;
  /** Rows of weights that a group multiplies: two for each of its four warps. */
  private static final int GROUP_ROWS = 8;
  private static final long MOST = 1L << 30;

  private final ElementType type;
  private final MatMul.Gemm next;
  private final TunedLaunch oneRow;
  private final TunedLaunch rows;

  private CudaGemv(Launcher launcher, ElementType type, MatMul.Gemm next) {
    this.type = type;
    this.next = next;
    oneRow = new TunedLaunch(launcher, symbols(type).get(0));
    rows = new TunedLaunch(launcher, symbols(type).get(1));
  }

  static MatMul.Gemv gemv(Launcher launcher, ElementType type, MatMul.Gemv next) {
    return new CudaGemv(launcher, type, (x, a, y, _, m, n) -> next.run(a, x, y, m, n));
  }

  /** With weights [n][k], which is also the packed order. */
  static MatMul.Gemm rows(Launcher launcher, ElementType type, MatMul.Gemm next) {
    return new CudaGemv(launcher, type, next);
  }

  static List<String> symbols(ElementType type) {
    return List.of("float_gemv_" + type.label(), "float_gemv_rows_" + type.label());
  }

  @Override
  public void run(Buffer a, Buffer x, Buffer y, long m, long n) {
    run(x, a, y, 1, m, n);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    TunedLaunch tuned = m == 1 ? oneRow : rows;
    if (fits(a, b, m, n, k) && tuned.isGood()) {
      Launch launch = tuned.launch().buffer(b, n * k).buffer(a, m * k).buffer(c, m * n);
      launch.value(m).value(n).value(k).groups((n + GROUP_ROWS - 1) / GROUP_ROWS);
    } else {
      next.run(a, b, c, m, n, k);
    }
  }

  /** Whether the activations are f32, few, and every row of both operands begins and ends at whole 16 bytes. */
  private boolean fits(Buffer a, Buffer b, long m, long n, long k) {
    boolean inRange = m >= 1 && m <= MOST_ROWS && n >= 1 && n <= MOST && k >= 1 && k <= MOST;
    return a.type() == DType.F32 && inRange && ((a.address() | b.address() | 4 * k | k * type.blockBytes()) & 15) == 0;
  }
}
