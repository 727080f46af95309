package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * Root-mean-square normalisation of rows (Zhang and Sennrich, 2019): out = x / sqrt(mean(x^2) + eps) * weight. All operands
 * have one floating-point type; out may be x.
 */
public final class RmsNorm {
  /** out = norm(x). */
  public static final Op<Kernel> OP = new Op<>("rms_norm", Kernel.class, Op.FLOATS);

  /** sum = x + residual, rounded to the type; out = norm(x + residual). sum may be x or residual. */
  public static final Op<Residual> RESIDUAL = new Op<>("rms_norm_residual", Residual.class, Op.FLOATS);

  private RmsNorm() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer weight, Buffer out, long rows, long cols, float eps);
  }

  /** A bound kernel of the form with a residual. */
  public interface Residual {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer residual, Buffer weight, Buffer sum, Buffer out, long rows, long cols, float eps);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short, types differ, out overlaps an input without being x, or eps is
   *     negative or not finite
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer x, Buffer weight, Buffer out, long rows, long cols, float eps) {
    Check.size("rows", rows);
    Check.size("cols", cols);
    long n = Check.times(rows, cols);
    Check.holds("x", x, n);
    Check.holds("weight", weight, cols);
    Check.holds("out", out, n);
    Check.floatType("x", x);
    Check.type("weight", weight, x.type());
    Check.type("out", out, x.type());
    Check.sameOrDisjoint("out", out, "x", x);
    Check.disjoint("out", out, "weight", weight);
    epsilon(eps);
  }

  /** Checks the arguments of the form with a residual; as {@link #check}, and sum must not overlap out or weight. */
  public static void checkResidual(Buffer x, Buffer residual, Buffer weight, Buffer sum, Buffer out, long rows, long cols, float eps) {
    check(x, weight, out, rows, cols, eps);
    long n = rows * cols;
    Check.holds("residual", residual, n);
    Check.holds("sum", sum, n);
    Check.type("residual", residual, x.type());
    Check.type("sum", sum, x.type());
    Check.sameOrDisjoint("sum", sum, "x", x);
    Check.sameOrDisjoint("sum", sum, "residual", residual);
    Check.disjoint("sum", sum, "weight", weight);
    Check.disjoint("sum", sum, "out", out);
    Check.sameOrDisjoint("out", out, "residual", residual);
  }

  static void epsilon(float eps) {
    if (!(eps >= 0 && eps < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("eps must be finite and not negative: " + eps);
    }
  }

  /** Bytes read and written, the weights once. */
  public static long bytes(DType type, long rows, long cols, boolean residual) {
    return ((residual ? 4 : 2) * rows + 1) * cols * type.blockBytes();
  }

  /** Largest error allowed of one element: half the relative error of the mean, some roundings, then the type. */
  public static double bound(DType type, long cols, double exact) {
    return Math.abs(exact) * ((cols / 2.0 + 12) * 0x1p-24 + type.unitRoundoff()) + 0x1p-126 + type.subnormalRoundoff();
  }
}
