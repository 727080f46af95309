package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Layout;

/**
 * Matrix products of floating-point matrices, row-major, accumulated in f32. The weights B may be f32, f16 or bf16 and
 * decide the kernel; A and C have one type, either f32 or that of B. The output shares no byte with an input. k = 0 gives
 * zeros (or the bias).
 *
 * <p>In the fast mode a subnormal operand in bf16 may count as zero: so matrix instructions of processors and GPUs take it.
 */
public final class MatMul {
  /** y[m] = A[m,n] x[n], A the weights. */
  public static final Op<Gemv> GEMV = new Op<>("gemv", Gemv.class, Op.FLOATS);

  /** C[m,n] = A[m,k] B[k,n]. */
  public static final Op<Gemm> GEMM = new Op<>("gemm", Gemm.class, Op.FLOATS);

  /** C[m,n] = A[m,k] B[n,k]^T, the usual layout of weights. B may be packed. */
  public static final Op<Gemm> GEMM_BT = new Op<>("gemm_bt", Gemm.class, Op.FLOATS);

  /** C[m,n] = A[m,k] B[k,n] + bias[n]; the bias is f32. */
  public static final Op<GemmBias> GEMM_BIAS = new Op<>("gemm_bias", GemmBias.class, Op.FLOATS);

  /** C[m,n] = act(A[m,k] B[k,n] + bias[n]). */
  public static final Op<GemmBiasAct> GEMM_BIAS_ACT = new Op<>("gemm_bias_act", GemmBiasAct.class, Op.FLOATS);

  /** C[m,n] = A[m,k] B with B packed by pack_b. */
  public static final Op<Gemm> GEMM_PREPACKED = new Op<>("gemm_prepacked", Gemm.class, Op.FLOATS);

  private MatMul() {}

  /** A bound kernel of gemv. */
  public interface Gemv {
    /** Runs on checked arguments. */
    void run(Buffer a, Buffer x, Buffer y, long m, long n);
  }

  /** A bound kernel of gemm, gemm_bt or gemm_prepacked. */
  public interface Gemm {
    /** Runs on checked arguments. */
    void run(Buffer a, Buffer b, Buffer c, long m, long n, long k);
  }

  /** A bound kernel of gemm_bias. */
  public interface GemmBias {
    /** Runs on checked arguments. */
    void run(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k);
  }

  /** A bound kernel of gemm_bias_act. */
  public interface GemmBiasAct {
    /** Runs on checked arguments. */
    void run(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k);
  }

  /**
   * Checks the arguments of gemv.
   *
   * @throws IllegalArgumentException naming the shapes
   * @throws IllegalStateException if a buffer is closed
   */
  public static void checkGemv(Buffer a, Buffer x, Buffer y, long m, long n) {
    Check.size("m", m);
    Check.size("n", n);
    Check.holds("a", a, Check.times(m, n));
    Check.floatType("a", a);
    activations("x", x, n, a.type());
    activations("y", y, m, x.type());
    Check.type("y", y, x.type());
    Check.disjoint("y", y, "a", a);
    Check.disjoint("y", y, "x", x);
  }

  /**
   * Checks the arguments of gemm, gemm_bt and gemm_prepacked.
   *
   * @throws IllegalArgumentException naming the shapes
   * @throws IllegalStateException if a buffer is closed
   */
  public static void checkGemm(Op<Gemm> op, Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    sizes(m, n, k);
    Check.open("b", b);
    Check.floatType("b", b);
    if (op == GEMM_PREPACKED || op == GEMM_BT && b.layout() == Layout.PACKED) {
      packed(b, n, k);
    } else {
      Check.holds("b", b, Check.times(n, k));
    }
    operands(a, b, c, m, n, k);
  }

  /**
   * Checks the arguments of gemm_bias and gemm_bias_act.
   *
   * @throws IllegalArgumentException naming the shapes
   * @throws IllegalStateException if a buffer is closed
   */
  public static void checkGemmBias(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k) {
    sizes(m, n, k);
    Check.holds("b", b, Check.times(n, k));
    Check.floatType("b", b);
    Check.holds("bias", bias, n);
    Check.type("bias", bias, DType.F32);
    operands(a, b, c, m, n, k);
    Check.disjoint("c", c, "bias", bias);
  }

  /** A packed matrix of exactly n x k elements. */
  static void packed(Buffer b, long n, long k) {
    if (b.layout() != Layout.PACKED) {
      throw new IllegalArgumentException("b is row-major; pack it with pack_b first");
    }
    if (!b.isPacked(n, k)) {
      throw new IllegalArgumentException("b was packed with other sizes than " + n + " x " + k + ", " + b.length() + " elements in all");
    }
  }

  private static void sizes(long m, long n, long k) {
    Check.size("m", m);
    Check.size("n", n);
    Check.size("k", k);
  }

  private static void operands(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    activations("a", a, Check.times(m, k), b.type());
    activations("c", c, Check.times(m, n), b.type());
    Check.type("c", c, a.type());
    Check.disjoint("c", c, "a", a);
    Check.disjoint("c", c, "b", b);
  }

  private static void activations(String name, Buffer buffer, long elements, ElementType weights) {
    Check.holds(name, buffer, elements);
    if (buffer.type() != DType.F32 && buffer.type() != weights) {
      throw new IllegalArgumentException(name + " is " + buffer.type().label() + ", expected f32 or " + weights.label());
    }
  }

  /** Floating-point operations. */
  public static long flops(long m, long n, long k) {
    return 2 * m * n * k;
  }

  /** Bytes read and written, each operand once. */
  public static long bytes(ElementType weights, DType activations, long m, long n, long k) {
    return weights.bytesFor(n * k) + activations.bytesFor(m * k + m * n);
  }

  /** Largest error allowed of one element, from sum |a b| over k (+ |bias|) and the exact result; then the type of C. */
  public static double bound(DType type, long k, double sumAbs, double exact) {
    return (k + 4) * 0x1p-24 * sumAbs + 0x1p-126 + type.unitRoundoff() * Math.abs(exact) + type.subnormalRoundoff();
  }

  /**
   * Largest error allowed of one element behind an activation: the error before it times the largest slope (1.13, gelu's near
   * x = 1.4), plus the activation's own, see {@link UnaryOp#bound}; then the type of C.
   *
   * @param before the exact argument of the activation
   * @param exact the exact result
   */
  public static double activatedBound(Activation activation, DType type, long k, double sumAbs, double before, double exact) {
    double product = 1.13 * bound(DType.F32, k, sumAbs, before);
    double own = switch (activation) {
      case NONE, RELU -> 0;
      case SILU -> UnaryOp.bound(UnaryOp.SILU, DType.F32, before, exact);
      case GELU -> UnaryOp.bound(UnaryOp.GELU, DType.F32, before, exact);
    };
    return product + own + type.unitRoundoff() * Math.abs(exact) + type.subnormalRoundoff();
  }
}
