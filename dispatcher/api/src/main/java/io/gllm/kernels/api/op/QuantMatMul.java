package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Layout;
import io.gllm.kernels.api.QuantFormat;
import java.util.Arrays;
import java.util.List;

/**
 * y[M,N] = x[M,K] W^T with quantised weights W[N][K], rows of whole blocks as in GGUF, raw or packed by {@code pack_b};
 * any M. x is f32, or already quantised to the {@linkplain QuantFormat#activationFormat() activation format} of the weights;
 * y is f32. A kernel either decodes the weights and multiplies in f32, or quantises x once and multiplies integers exactly;
 * with x already quantised by {@code quantize} both use the same numbers (an activation of -128, which it never makes, counts as -127
 * in integer products).
 */
public final class QuantMatMul {
  /** Formats that exist for weights: all but Q8_1 and Q8_K, which exist for activations only. */
  public static final List<QuantFormat> FORMATS = Arrays.stream(QuantFormat.values())
      .filter(format -> format != QuantFormat.Q8_1 && format != QuantFormat.Q8_K).toList();

  /** The operator, dispatched on the format of the weights. */
  public static final Op<Kernel> OP = new Op<>("quant_matmul", Kernel.class, FORMATS);

  private QuantMatMul() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer w, Buffer x, Buffer y, long m, long n, long k);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException naming the shapes, or if k is no whole number of blocks
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    Check.size("m", m);
    Check.size("n", n);
    Check.size("k", k);
    Check.open("w", w);
    if (!(w.type() instanceof QuantFormat format) || !FORMATS.contains(format)) {
      throw new IllegalArgumentException("w is " + w.type().label() + ", expected one of " + FORMATS);
    }
    Check.whole("k", k, format);
    if (w.layout() == Layout.PACKED) {
      MatMul.packed(w, n, k);
    } else {
      Check.holds("w", w, Check.times(n, k));
    }
    Check.holds("x", x, Check.times(m, k));
    if (x.type() != DType.F32 && x.type() != format.activationFormat()) {
      throw new IllegalArgumentException("x is " + x.type().label() + ", expected f32 or " + format.activationFormat().label());
    }
    Check.holds("y", y, Check.times(m, n));
    Check.type("y", y, DType.F32);
    Check.disjoint("y", y, "w", w);
    Check.disjoint("y", y, "x", x);
  }

  /** Operations, a multiplication and an addition for each weight and row. */
  public static long flops(long m, long n, long k) {
    return 2 * m * n * k;
  }

  /** Bytes read and written, each operand once. */
  public static long bytes(QuantFormat format, long m, long n, long k) {
    return format.bytesFor(n * k) + 4 * (m * k + m * n);
  }

  /**
   * Largest error of one activation that is quantised in a block whose largest absolute value is {@code largest}: half a step of
   * largest / 127; for Q8_0 also the rounding of the step to f16, 2^-11 of it or 2^-25, times at most 127.
   */
  public static double activationError(QuantFormat activations, double largest) {
    double half = largest / 254;
    return activations == QuantFormat.Q8_0 ? half + largest * 0x1p-11 + 127 * 0x1p-25 : half;
  }

  /**
   * Largest error allowed of one element.
   *
   * @param k length of the product
   * @param sumAbs sum of |w x|
   * @param stepAbs sum over activation blocks of their {@link #activationError} times the sum of |w| of the block: the cost of
   *     quantising x; zero where x came quantised
   */
  public static double bound(long k, double sumAbs, double stepAbs) {
    return (k + 8) * 0x1p-24 * sumAbs + 1.02 * stepAbs + 0x1p-126;
  }
}
