package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings a weight matrix into the order in which the device's matrix kernels consume it, once, at load time. Floating-point
 * weights come as B[k,n] or, transposed, as B[n,k]; quantised weights as rows [n][k]. The packed matrix is opaque and
 * belongs to the device that packed it.
 */
public final class PackB {
  /** The operator, dispatched on the type of the weights. */
  public static final Op<Kernel> OP = new Op<>("pack_b", Kernel.class, types());

  private PackB() {}

  private static List<ElementType> types() {
    List<ElementType> types = new ArrayList<>(Op.FLOATS);
    types.addAll(QuantMatMul.FORMATS);
    return types;
  }

  /** A bound kernel. */
  public interface Kernel {
    /** Bytes that the packed form of n x k elements takes. */
    long packedBytes(long n, long k);

    /** Runs on checked arguments. */
    void run(Buffer b, Buffer packed, long n, long k, boolean transposed);
  }

  /**
   * Checks the weights, before memory for the packed matrix is taken.
   *
   * @throws IllegalArgumentException if a size does not fit, the type cannot be packed, or quantised weights are not transposed
   * @throws IllegalStateException if b is closed
   */
  public static void check(Buffer b, long n, long k, boolean transposed) {
    Check.size("n", n);
    Check.size("k", k);
    Check.holds("b", b, Check.times(n, k));
    if (!OP.types().contains(b.type())) {
      throw new IllegalArgumentException("b is " + b.type().label() + ", expected one of " + OP.types());
    }
    if (b.type() instanceof QuantFormat format) {
      Check.whole("k", k, format);
      if (!transposed) {
        throw new IllegalArgumentException("quantised weights are rows of [n][k]: transposed must be true");
      }
    }
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException as for the weights, or if the packed matrix has other sizes or another type
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer b, Buffer packed, long n, long k, boolean transposed) {
    check(b, n, k, transposed);
    Check.open("packed", packed);
    Check.type("packed", packed, b.type());
    MatMul.packed(packed, n, k);
    Check.disjoint("packed", packed, "b", b);
  }
}
