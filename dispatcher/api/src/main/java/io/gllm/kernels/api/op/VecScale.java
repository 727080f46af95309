package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/** {@code x[i] = x[i] * s} in place, computed in f32. */
public final class VecScale {
  /** The operator. */
  public static final Op<Kernel> OP = new Op<>("vec_scale", Kernel.class, Op.FLOATS);

  private VecScale() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer x, float s, long n);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if x is too short or of no floating-point type
   * @throws IllegalStateException if x is closed
   */
  public static void check(Buffer x, long n) {
    Check.size("n", n);
    Check.holds("x", x, n);
    Check.floatType("x", x);
  }

  /** Bytes read and written. */
  public static long bytes(DType type, long n) {
    return 2 * n * type.blockBytes();
  }
}
