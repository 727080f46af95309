package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/** {@code out[0] = sum a[i] b[i]}: a and b of one floating-point type, out f32. 0 for n = 0. */
public final class VecDot {
  /** The operator. */
  public static final Op<Kernel> OP = new Op<>("vec_dot", Kernel.class, Op.FLOATS);

  private VecDot() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer a, Buffer b, Buffer out, long n);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short, types differ, out is not f32, or out overlaps an input
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer a, Buffer b, Buffer out, long n) {
    Check.size("n", n);
    Check.holds("a", a, n);
    Check.holds("b", b, n);
    Check.holds("out", out, 1);
    Check.floatType("a", a);
    Check.type("b", b, a.type());
    Check.type("out", out, DType.F32);
    Check.disjoint("out", out, "a", a);
    Check.disjoint("out", out, "b", b);
  }

  /** Floating-point operations. */
  public static long flops(long n) {
    return 2 * n;
  }

  /** Bytes read. */
  public static long bytes(DType type, long n) {
    return 2 * n * type.blockBytes();
  }

  /** Largest error allowed, from the sum of |a b|: Higham, Accuracy and Stability, 3.1. */
  public static double bound(long n, double sumAbs) {
    return (n + 2) * 0x1p-24 * sumAbs + 0x1p-126;
  }
}
