package io.gllm.kernels.cuda;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;

/**
 * Norms and softmax of rows (rows.inc): rows are held in registers, sums go through shuffles. A warp takes a row, or a group where it
 * is longer than the registers of a warp. Rows must be whole 16 bytes; the order of the sums depends on the length of a row alone.
 */
final class CudaRows {
  private static final int WARP = 32;
  private static final int GROUP = 256;
  /** The elements that the registers of a warp hold. */
  private static final int WARP_COLUMNS = 32 * WARP;
  private static final long MOST = 1L << 30;

  private CudaRows() {}

  /** The kernel of an operator and type. */
  static String symbol(Op<?> op, ElementType type) {
    return op.name() + "_rows_" + type.label();
  }

  /** The kernel of a softmax with a mask. */
  static String maskedSymbol(ElementType type) {
    return Softmax.OP.name() + "_masked_rows_" + type.label();
  }

  static RmsNorm.Kernel rmsNorm(Launcher launcher, ElementType type, RmsNorm.Kernel next) {
    TunedLaunch tuned = new TunedLaunch(launcher, symbol(RmsNorm.OP, type));
    return (x, weight, out, rows, cols, eps) -> {
      long addresses = x.address() | weight.address() | out.address();
      if (fits(type, addresses, rows, cols) && tuned.isGood()) {
        tuned.launch().buffer(x, rows * cols).buffer(weight, cols).buffer(out, rows * cols);
        run(tuned.launch(), rows, cols, eps);
      } else {
        next.run(x, weight, out, rows, cols, eps);
      }
    };
  }

  static RmsNorm.Residual rmsNormResidual(Launcher launcher, ElementType type, RmsNorm.Residual next) {
    TunedLaunch tuned = new TunedLaunch(launcher, symbol(RmsNorm.RESIDUAL, type));
    return (x, residual, weight, sum, out, rows, cols, eps) -> {
      long addresses = x.address() | residual.address() | weight.address() | sum.address() | out.address();
      if (fits(type, addresses, rows, cols) && tuned.isGood()) {
        tuned.launch().buffer(x, rows * cols).buffer(residual, rows * cols).buffer(weight, cols);
        tuned.launch().buffer(sum, rows * cols).buffer(out, rows * cols);
        run(tuned.launch(), rows, cols, eps);
      } else {
        next.run(x, residual, weight, sum, out, rows, cols, eps);
      }
    };
  }

  static LayerNorm.Kernel layerNorm(Launcher launcher, ElementType type, LayerNorm.Kernel next) {
    TunedLaunch tuned = new TunedLaunch(launcher, symbol(LayerNorm.OP, type));
    return (x, gamma, beta, out, rows, cols, eps) -> {
      long addresses = x.address() | gamma.address() | beta.address() | out.address();
      if (fits(type, addresses, rows, cols) && tuned.isGood()) {
        tuned.launch().buffer(x, rows * cols).buffer(gamma, cols).buffer(beta, cols).buffer(out, rows * cols);
        run(tuned.launch(), rows, cols, eps);
      } else {
        next.run(x, gamma, beta, out, rows, cols, eps);
      }
    };
  }

  static Softmax.Kernel softmax(Launcher launcher, ElementType type, Softmax.Kernel next) {
    TunedLaunch plain = new TunedLaunch(launcher, symbol(Softmax.OP, type));
    TunedLaunch masked = new TunedLaunch(launcher, maskedSymbol(type));
    return (x, mask, out, rows, cols, scale) -> {
      TunedLaunch tuned = mask == null ? plain : masked;
      long addresses = x.address() | out.address() | (mask == null ? 0 : mask.address());
      if (fits(type, addresses, rows, cols) && tuned.isGood()) {
        tuned.launch().buffer(x, rows * cols);
        if (mask != null) {
          tuned.launch().buffer(mask, rows * cols);
        }
        tuned.launch().buffer(out, rows * cols);
        run(tuned.launch(), rows, cols, scale);
      } else {
        next.run(x, mask, out, rows, cols, scale);
      }
    };
  }

  /** Whether there is something to do, in numbers of 32 bits, and every row of every operand begins and ends at whole 16 bytes. */
  private static boolean fits(ElementType type, long addresses, long rows, long cols) {
    boolean inRange = rows >= 1 && rows <= MOST && cols >= 1 && cols <= MOST;
    return inRange && ((addresses | cols * type.blockBytes()) & 15) == 0;
  }

  private static void run(Launch launch, long rows, long cols, float number) {
    int lanes = cols <= WARP_COLUMNS ? WARP : GROUP;
    launch.value(rows).value(cols).value(number).value(lanes).groups((rows * lanes + GROUP - 1) / GROUP);
  }
}
