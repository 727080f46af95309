package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/** {@code y[i] = y[i] + a * x[i]}, computed in f32; x and y of one floating-point type. */
public final class VecAxpy {
  /** The operator. */
  public static final Op<Kernel> OP = new Op<>("vec_axpy", Kernel.class, Op.FLOATS);

  private VecAxpy() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer y, float a, Buffer x, long n);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short, types differ, or y overlaps x without being x
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer y, Buffer x, long n) {
    Check.size("n", n);
    Check.holds("y", y, n);
    Check.holds("x", x, n);
    Check.floatType("y", y);
    Check.type("x", x, y.type());
    Check.sameOrDisjoint("y", y, "x", x);
  }

  /** Floating-point operations. */
  public static long flops(long n) {
    return 2 * n;
  }

  /** Bytes read and written. */
  public static long bytes(DType type, long n) {
    return 3 * n * type.blockBytes();
  }

  /** Largest error allowed: the product and the sum are each rounded to f32, or once if fused; then the type. */
  public static double bound(DType type, double y, double product, double exact) {
    return 2 * 0x1p-24 * (Math.abs(product) + Math.abs(exact)) + type.unitRoundoff() * Math.abs(exact) + type.subnormalRoundoff();
  }
}
