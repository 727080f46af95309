package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import java.util.List;

/** out[i] = the f32 value of element i of the blocks; bit-exact. n is a whole number of blocks. */
public final class Dequant {
  /** The operator, dispatched on the format. */
  public static final Op<Kernel> OP = new Op<>("dequant", Kernel.class, List.of(QuantFormat.values()));

  private Dequant() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer blocks, Buffer out, long n);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short or of a wrong type, or n cuts a block
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer blocks, Buffer out, long n) {
    Check.size("n", n);
    Check.holds("blocks", blocks, n);
    if (!(blocks.type() instanceof QuantFormat)) {
      throw new IllegalArgumentException("blocks is " + blocks.type().label() + ", expected one of " + OP.types());
    }
    Check.whole("n", n, blocks.type());
    Check.holds("out", out, n);
    Check.type("out", out, DType.F32);
    Check.disjoint("out", out, "blocks", blocks);
  }

  /** Bytes read and written. */
  public static long bytes(QuantFormat format, long n) {
    return format.bytesFor(n) + 4 * n;
  }
}
