package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * Conversion between floating-point types, rounding to nearest even; NaN stays NaN, numbers beyond the range become
 * infinite. Dispatched on the type of x.
 */
public final class Cast {
  /** The operator. */
  public static final Op<Kernel> OP = new Op<>("cast", Kernel.class, Op.FLOATS);

  private Cast() {}

  /** A bound kernel; the type of out is free. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer out, long n);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short, a type is not floating-point, or out overlaps x
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer x, Buffer out, long n) {
    Check.size("n", n);
    Check.holds("x", x, n);
    Check.holds("out", out, n);
    Check.floatType("x", x);
    Check.floatType("out", out);
    Check.disjoint("out", out, "x", x);
  }

  /** Bytes read and written. */
  public static long bytes(DType from, DType to, long n) {
    return n * (from.blockBytes() + to.blockBytes());
  }
}
