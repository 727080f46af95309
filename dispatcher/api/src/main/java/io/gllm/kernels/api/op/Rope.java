package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * Rotary position embedding in place (Su et al., 2021): x[tokens][heads][head_dim], pairs of the first rotary_dim elements of each
 * head turned by the angle of the token's position. Tables of cosines and sines are f32 [positions][rotary_dim/2]. x is of a
 * floating-point type, computed in f32.
 */
public final class Rope {
  /** Token t has position offset + t. */
  public static final Op<Kernel> OP = new Op<>("rope", Kernel.class, Op.FLOATS);

  /**
   * Token t has position positions[t], an i32; a position outside the tables is an {@link IndexOutOfBoundsException}, and then x is
   * unchanged.
   */
  public static final Op<WithPositions> WITH_POSITIONS = new Op<>("rope_with_positions", WithPositions.class, Op.FLOATS);

  private Rope() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape, long offset);
  }

  /** A bound kernel of the form with positions. */
  public interface WithPositions {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer positions, Buffer cosines, Buffer sines, long tokens, RopeShape shape);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short or of a wrong type, or a position lies outside the tables
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape, long offset) {
    Check.size("offset", offset);
    common(x, cosines, sines, tokens, shape);
    long positions = shape.rotaryDim() == 0 ? Long.MAX_VALUE : Math.min(cosines.length(), sines.length()) / (shape.rotaryDim() / 2);
    if (offset > positions - tokens) {
      throw new IllegalArgumentException("positions [" + offset + ", " + offset + "+" + tokens + ") leave tables of " + positions);
    }
  }

  /** Checks the arguments of the form with positions; their values are checked by the kernel. */
  public static void check(Buffer x, Buffer positions, Buffer cosines, Buffer sines, long tokens, RopeShape shape) {
    common(x, cosines, sines, tokens, shape);
    Check.holds("positions", positions, tokens);
    Check.type("positions", positions, DType.I32);
    Check.disjoint("x", x, "positions", positions);
  }

  private static void common(Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape) {
    Check.size("tokens", tokens);
    Check.holds("x", x, Check.times(tokens, (long) shape.heads() * shape.headDim()));
    Check.floatType("x", x);
    Check.holds("cosines", cosines, 0);
    Check.holds("sines", sines, 0);
    Check.type("cosines", cosines, DType.F32);
    Check.type("sines", sines, DType.F32);
    Check.disjoint("x", x, "cosines", cosines);
    Check.disjoint("x", x, "sines", sines);
  }

  /** Bytes read and written, without the tables. */
  public static long bytes(DType type, long tokens, RopeShape shape) {
    return 2 * tokens * shape.heads() * shape.rotaryDim() * type.blockBytes();
  }

  /** Largest error allowed of one element of the pair (a, b). */
  public static double bound(DType type, double a, double b, double exact) {
    return 3 * 0x1p-24 * (Math.abs(a) + Math.abs(b)) + type.unitRoundoff() * Math.abs(exact) + type.subnormalRoundoff();
  }
}
