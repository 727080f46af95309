package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * Layer normalisation of rows (Ba et al., 2016): out = (x - mean) / sqrt(variance + eps) * gamma + beta, the variance summed over
 * (x - mean)^2 in a second pass. All operands have one floating-point type; out may be x.
 */
public final class LayerNorm {
  /** The operator. */
  public static final Op<Kernel> OP = new Op<>("layer_norm", Kernel.class, Op.FLOATS);

  private LayerNorm() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer gamma, Buffer beta, Buffer out, long rows, long cols, float eps);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short, types differ, out overlaps an input without being x, or eps is
   *     negative or not finite
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer x, Buffer gamma, Buffer beta, Buffer out, long rows, long cols, float eps) {
    RmsNorm.check(x, gamma, out, rows, cols, eps);
    Check.holds("beta", beta, cols);
    Check.type("beta", beta, x.type());
    Check.disjoint("out", out, "beta", beta);
  }

  /** Bytes read and written, gamma and beta once. */
  public static long bytes(DType type, long rows, long cols) {
    return (2 * rows + 2) * cols * type.blockBytes();
  }

  /**
   * Largest error allowed of one element.
   *
   * @param meanAbs mean of |x| over the row
   * @param inverse 1 / sqrt(variance + eps)
   */
  public static double bound(DType type, long cols, double meanAbs, double inverse, double gamma, double beta, double exact) {
    double shift = (cols + 4) * 0x1p-24 * meanAbs * inverse;
    double scaled = Math.abs(exact - beta);
    return scaled * ((cols + 16) * 0x1p-24 + shift) + 2 * shift * Math.abs(gamma) + 0x1p-22 * Math.abs(beta) + 0x1p-126
        + type.unitRoundoff() * Math.abs(exact) + type.subnormalRoundoff();
  }
}
