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
   * Largest error allowed for an exact result of {@code op}, in units u = 2^-24 of f32: 8 u of the result; for negative arguments
   * 4 u of the argument z of the exponential behind it, since rounding z by a few u changes e^z by |z| times as much (z is x for
   * exp and silu, sqrt(8/pi) (x + 0.044715 x^3) for gelu, x^2/2 for gelu_erf); then the rounding to the type. An exponential below
   * 2^-125 may be flushed to zero, which silu and gelu multiply by x. exp may give infinity for x above 88.72.
   */
  public static double bound(Op<Kernel> op, DType type, double x, double exact) {
    if (op == RELU) {
      return 0;
    }
    double size = Math.abs(exact);
    return 0x1p-24 * (8 * size + 4 * Math.abs(exponent(op, x)) * Math.min(1, size)) + 0x1p-125 * (op == EXP ? 1 : 1 + Math.abs(x))
        + type.unitRoundoff() * size + type.subnormalRoundoff();
  }

  private static double exponent(Op<Kernel> op, double x) {
    if (x >= 0 || op == TANH) {
      return 0;
    }
    if (op == GELU) {
      return 1.5957691216057308 * x * (1 + 0.044715 * x * x);
    }
    return op == GELU_ERF ? x * x / 2 : x;
  }
}
