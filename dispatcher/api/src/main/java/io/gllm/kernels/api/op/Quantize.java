package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import java.util.List;

/**
 * Encodes f32 into the activation formats: for a block with largest absolute value a, {@code d = a / 127} and
 * {@code q = round_to_nearest_even(x * (127 / a))}, all in f32, x and a times 2^100 first where a is below 2^-100, so that the
 * quotient stays finite; a block of zeros has d = 0. Q8_0 stores d rounded to f16; Q8_K stores it as f32 and adds the sums
 * of 16. Exact: every backend gives the same bytes. Not a number or infinity in a block makes its d NaN or infinite, and its q 0.
 */
public final class Quantize {
  /** The operator, dispatched on the format of the output. */
  public static final Op<Kernel> OP = new Op<>("quantize", Kernel.class, List.of(QuantFormat.Q8_0, QuantFormat.Q8_K));

  private Quantize() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer blocks, long n);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short or of a wrong type, or n cuts a block
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer x, Buffer blocks, long n) {
    Check.size("n", n);
    Check.holds("x", x, n);
    Check.type("x", x, DType.F32);
    Check.holds("blocks", blocks, n);
    if (!OP.types().contains(blocks.type())) {
      throw new IllegalArgumentException("blocks is " + blocks.type().label() + ", expected one of " + OP.types());
    }
    Check.whole("n", n, blocks.type());
    Check.disjoint("blocks", blocks, "x", x);
  }

  /** Bytes read and written. */
  public static long bytes(QuantFormat format, long n) {
    return format.bytesFor(n) + 4 * n;
  }
}
