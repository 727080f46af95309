package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * Elementwise functions of two operands: {@code out[i] = f(a[i], b[i])} for i below n. All three have the same
 * floating-point type; out may be a or b. Computed in f32 and rounded once to the type; NaN gives NaN.
 */
public final class BinaryOp {
  /** a + b. */
  public static final Op<Kernel> ADD = op("vec_add");

  /** a - b. */
  public static final Op<Kernel> SUB = op("vec_sub");

  /** a * b. */
  public static final Op<Kernel> MUL = op("vec_mul");

  /** silu(a) * b: the gated unit of llama's feed-forward, a the gate and b the up projection. */
  public static final Op<Kernel> SWIGLU = op("swiglu");

  private BinaryOp() {}

  private static Op<Kernel> op(String name) {
    return new Op<>(name, Kernel.class, Op.FLOATS);
  }

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer a, Buffer b, Buffer out, long n);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short, types differ, or out overlaps an input without being it
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer a, Buffer b, Buffer out, long n) {
    Check.size("n", n);
    Check.holds("a", a, n);
    Check.holds("b", b, n);
    Check.holds("out", out, n);
    Check.floatType("a", a);
    Check.type("b", b, a.type());
    Check.type("out", out, a.type());
    Check.sameOrDisjoint("out", out, "a", a);
    Check.sameOrDisjoint("out", out, "b", b);
  }

  /** Bytes read and written. */
  public static long bytes(DType type, long n) {
    return 3 * n * type.blockBytes();
  }

  /** Largest error allowed of a sum, difference or product: rounded to f32, then to the type. */
  public static double bound(DType type, double exact) {
    double f32 = type == DType.F32 ? 0 : 0x1p-24;
    return (f32 + type.unitRoundoff()) * Math.abs(exact) + type.subnormalRoundoff();
  }

  /** Largest error allowed of {@code silu(a) * b}: that of silu in f32 times b, one more product, then the type. */
  public static double swigluBound(DType type, double a, double b, double silu) {
    double exact = Math.abs(silu * b);
    return Math.abs(b) * UnaryOp.bound(UnaryOp.SILU, DType.F32, a, silu) + (0x1p-24 + type.unitRoundoff()) * exact
        + 0x1p-126 + type.subnormalRoundoff();
  }
}
