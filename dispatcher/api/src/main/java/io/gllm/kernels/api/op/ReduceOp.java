package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/** Reductions of one operand of floating-point type to one f32 number, {@code out[0]}. */
public final class ReduceOp {
  /** Sum; 0 for n = 0. */
  public static final Op<Kernel> SUM = op("vec_sum");

  /** Largest element; NaN if any element is NaN; n = 0 is an error. */
  public static final Op<Kernel> MAX = op("vec_max");

  /** Sum of squares; 0 for n = 0. */
  public static final Op<Kernel> SUM_SQUARES = op("vec_sum_squares");

  private ReduceOp() {}

  private static Op<Kernel> op(String name) {
    return new Op<>(name, Kernel.class, Op.FLOATS);
  }

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer out, long n);
  }

  /**
   * Checks the arguments of {@code op}.
   *
   * @throws IllegalArgumentException if a buffer is too short, out is not f32, out overlaps x, or n = 0 for vec_max
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Op<Kernel> op, Buffer x, Buffer out, long n) {
    Check.size("n", n);
    if (op == MAX && n == 0) {
      throw new IllegalArgumentException("vec_max of an empty slice has no value");
    }
    Check.holds("x", x, n);
    Check.holds("out", out, 1);
    Check.floatType("x", x);
    Check.type("out", out, DType.F32);
    Check.disjoint("out", out, "x", x);
  }

  /** Bytes read. */
  public static long bytes(DType type, long n) {
    return n * type.blockBytes();
  }

  /** Largest error allowed of a sum of n terms whose absolute values add up to {@code sumAbs}; vec_max is exact. */
  public static double bound(long n, double sumAbs) {
    return (n + 2) * 0x1p-24 * sumAbs + 0x1p-126;
  }
}
