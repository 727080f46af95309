package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * out[r] = softmax(scale * x[r] + mask[r]) for rows of cols elements. The mask is f32 [rows, cols], added, or null; -inf hides
 * an element. A row that is hidden everywhere gives zeros; a row with a NaN gives NaN. out may be x. cols = 0 is allowed.
 */
public final class Softmax {
  /** The operator. */
  public static final Op<Kernel> OP = new Op<>("softmax", Kernel.class, Op.FLOATS);

  private Softmax() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments; mask may be null. */
    void run(Buffer x, Buffer mask, Buffer out, long rows, long cols, float scale);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short, types differ, or out overlaps an input without being x
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer x, Buffer mask, Buffer out, long rows, long cols) {
    Check.size("rows", rows);
    Check.size("cols", cols);
    long n = Check.times(rows, cols);
    Check.holds("x", x, n);
    Check.holds("out", out, n);
    Check.floatType("x", x);
    Check.type("out", out, x.type());
    Check.sameOrDisjoint("out", out, "x", x);
    if (mask != null) {
      Check.holds("mask", mask, n);
      Check.type("mask", mask, DType.F32);
      Check.disjoint("out", out, "mask", mask);
    }
  }

  /** Bytes read and written. */
  public static long bytes(DType type, long rows, long cols, boolean masked) {
    return rows * cols * (2L * type.blockBytes() + (masked ? 4 : 0));
  }

  /**
   * Largest error allowed of one probability: the argument of exp carries a few rounding errors relative to its size, and
   * the sum grows by one for each element.
   *
   * @param argument the largest |scale x + mask| of finite elements in the row
   */
  public static double bound(DType type, long cols, double argument, double exact) {
    return exact * 0x1p-24 * (cols + 16 + 4 * argument) + 0x1p-126 + type.unitRoundoff() * exact + type.subnormalRoundoff();
  }
}
