package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * Elementwise functions of one operand: {@code out[i] = f(x[i])} for i below n. x and out have the same floating-point
 * type; out may be x. NaN gives NaN.
 */
public final class UnaryOp {
  /** e^x. */
  public static final Op<Kernel> EXP = op("exp");

  /** x * sigmoid(x). */
  public static final Op<Kernel> SILU = op("silu");

  /** 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), the tanh form. */
  public static final Op<Kernel> GELU = op("gelu");

  /** 0.5 x (1 + erf(x / sqrt(2))). */
  public static final Op<Kernel> GELU_ERF = op("gelu_erf");

  /** max(x, 0); NaN stays NaN. */
  public static final Op<Kernel> RELU = op("relu");

  /** Hyperbolic tangent. */
  public static final Op<Kernel> TANH = op("tanh");

  private UnaryOp() {}

  private static Op<Kernel> op(String name) {
    return new Op<>(name, Kernel.class, Op.FLOATS);
  }

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer out, long n);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short, types differ, or out overlaps x without being x
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer x, Buffer out, long n) {
    Check.size("n", n);
    Check.holds("x", x, n);
    Check.holds("out", out, n);
    Check.floatType("x", x);
    Check.type("out", out, x.type());
    Check.sameOrDisjoint("out", out, "x", x);
  }

  /** Bytes read and written. */
  public static long bytes(DType type, long n) {
    return 2 * n * type.blockBytes();
  }

  /**
   * Largest error allowed for an exact result: 8 units in the last place of f32 in the result or, for functions that scale
   * their argument, in x; then the rounding to the type. Results below 2^-126 may be flushed to zero.
   */
  public static double bound(DType type, double x, double exact) {
    return 8 * 0x1p-24 * Math.abs(exact) + 0x1p-126 + 4 * 0x1p-24 * Math.abs(x * Math.min(1, Math.abs(exact)))
        + type.unitRoundoff() * Math.abs(exact) + type.subnormalRoundoff();
  }
}
