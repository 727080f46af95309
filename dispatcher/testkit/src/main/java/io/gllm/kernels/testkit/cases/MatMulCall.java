package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Packed;
import io.gllm.kernels.testkit.oracle.Product;
import io.gllm.kernels.testkit.oracle.Special;
import java.util.Arrays;

/**
 * One matrix product in one of its forms. Seen from every form, A is the activations [m,k] and B the weights [n,k] or [k,n]; gemv has
 * its weights [m,k] on the left and n = 1.
 */
final class MatMulCall {
  /** An operator, and how its weights come. */
  enum Form {
    /** Weights on the left. */
    GEMV(MatMul.GEMV, "", true, false),
    /** B[k,n]. */
    GEMM(MatMul.GEMM, "", false, false),
    /** B[n,k]. */
    GEMM_BT(MatMul.GEMM_BT, "", true, false),
    /** Packed from B[n,k]. */
    GEMM_BT_PACKED(MatMul.GEMM_BT, "packed ", true, true),
    /** B[k,n] and a bias. */
    GEMM_BIAS(MatMul.GEMM_BIAS, "", false, false),
    /** B[k,n], a bias and an activation. */
    GEMM_BIAS_ACT(MatMul.GEMM_BIAS_ACT, "", false, false),
    /** Packed from B[k,n]. */
    PREPACKED(MatMul.GEMM_PREPACKED, "", false, true),
    /** Packed from B[n,k]. */
    PREPACKED_TRANSPOSED(MatMul.GEMM_PREPACKED, "transposed ", true, true);

    final Op<?> op;
    final String label;
    final boolean transposed;
    final boolean packed;

    Form(Op<?> op, String label, boolean transposed, boolean packed) {
      this.op = op;
      this.label = label;
      this.transposed = transposed;
      this.packed = packed;
    }
  }

  private final Form form;
  private final DType type;
  private final DType activationType;
  private final int m;
  private final int n;
  private final int k;
  private Data a;
  private Data b;
  private double[] bias;
  private Activation activation = Activation.SILU;
  private int shift;
  private Packed packed;
  private boolean bitsOnly;

  MatMulCall(Form form, DType type, DType activationType, int m, int n, int k) {
    this.form = form;
    this.type = type;
    this.activationType = activationType;
    this.m = m;
    this.n = form == Form.GEMV ? 1 : n;
    this.k = k;
  }

  private DType typeOfA() {
    return form == Form.GEMV ? type : activationType;
  }

  private DType typeOfB() {
    return form == Form.GEMV ? activationType : type;
  }

  MatMulCall normal(double scale) {
    Source s = new Source(form + " " + m + " " + n + " " + k);
    a = s.normal(typeOfA(), m * k, scale);
    b = s.normal(typeOfB(), n * k, scale);
    bias = s.normal(n, 1);
    return this;
  }

  /** Distinct primes in A, signs in B: every lost or doubled product shows in full. */
  MatMulCall primes() {
    a = Data.of(typeOfA(), Source.primes(m * k, 1, false));
    double[] signs = new double[n * k];
    Arrays.setAll(signs, i -> i * 7 % 5 < 2 ? -1 : 1);
    b = Data.of(typeOfB(), signs);
    bias = Source.primes(n, 0.5, true);
    return this;
  }

  MatMulCall operands(Data a, Data b) {
    this.a = a;
    this.b = b;
    bias = new double[n];
    return this;
  }

  /** The operand of the weights' type. */
  Data weights() {
    return form == Form.GEMV ? a : b;
  }

  Data activations() {
    return form == Form.GEMV ? b : a;
  }

  MatMulCall activation(Activation activation) {
    this.activation = activation;
    return this;
  }

  MatMulCall shift(int shift) {
    this.shift = shift;
    return this;
  }

  /** Replaces an element of A, of B, or none where the index is -1. */
  MatMulCall poison(int inA, int inB, double value) {
    a = inA < 0 ? a : replace(a, inA, value);
    b = inB < 0 ? b : replace(b, inB % (int) b.length(), value);
    return this;
  }

  private static Data replace(Data data, int at, double value) {
    double[] values = data.values();
    values[at] = value;
    return Data.of((DType) data.type(), values);
  }

  /** Packs the weights now, once for all products of {@link #rows}. */
  MatMulCall packed(Harness h) {
    packed = form.packed ? h.pack(b, n, k, form.transposed, shift) : null;
    return this;
  }

  /** The same product with only some rows of A, whose results are compared with each other and not with the oracle. */
  MatMulCall rows(int from, int count) {
    MatMulCall part = new MatMulCall(form, type, activationType, count, n, k);
    int row = k * a.type().blockBytes();
    part.a = new Data(a.type(), Arrays.copyOfRange(a.bytes(), from * row, (from + count) * row));
    part.b = b;
    part.bias = bias;
    part.activation = activation;
    part.packed = packed;
    part.bitsOnly = true;
    return part;
  }

  /** Makes the call; the result's bytes. */
  byte[] check(Harness h) {
    String label = form + " m=" + m + " n=" + n + " k=" + k + " " + activationType.label();
    return switch (form) {
      case GEMV -> gemv(h, new Call<MatMul.Gemv>(label).shift(shift));
      case GEMM, GEMM_BT, GEMM_BT_PACKED, PREPACKED, PREPACKED_TRANSPOSED -> gemm(h, new Call<MatMul.Gemm>(label).shift(shift));
      case GEMM_BIAS -> biased(h, new Call<MatMul.GemmBias>(label).shift(shift));
      case GEMM_BIAS_ACT -> activated(h, new Call<MatMul.GemmBiasAct>(label + " " + activation).shift(shift));
    };
  }

  private byte[] gemv(Harness h, Call<MatMul.Gemv> call) {
    Operand left = call.in("a", a);
    Operand right = call.in("x", b);
    Operand out = call.out("y", activationType, expected());
    h.check(MatMul.GEMV, type, call.launch(kernel -> {
      MatMul.checkGemv(left.buffer(), right.buffer(), out.buffer(), m, k);
      kernel.run(left.buffer(), right.buffer(), out.buffer(), m, k);
    }));
    return out.result();
  }

  @SuppressWarnings("unchecked")
  private byte[] gemm(Harness h, Call<MatMul.Gemm> call) {
    Op<MatMul.Gemm> op = (Op<MatMul.Gemm>) form.op;
    if (packed == null) {
      packed(h);
    }
    Operand left = call.in("a", a);
    Operand right = form.packed ? null : call.in("b", b);
    Operand out = call.out("c", activationType, expected());
    h.check(op, type, call.launch(kernel -> {
      Buffer weights = form.packed ? packed.buffer() : right.buffer();
      MatMul.checkGemm(op, left.buffer(), weights, out.buffer(), m, n, k);
      kernel.run(left.buffer(), weights, out.buffer(), m, n, k);
    }));
    return out.result();
  }

  private byte[] biased(Harness h, Call<MatMul.GemmBias> call) {
    Operand left = call.in("a", a);
    Operand right = call.in("b", b);
    Operand added = call.in("bias", Data.of(DType.F32, bias));
    Operand out = call.out("c", activationType, expected());
    h.check(MatMul.GEMM_BIAS, type, call.launch(kernel -> {
      MatMul.checkGemmBias(left.buffer(), right.buffer(), added.buffer(), out.buffer(), m, n, k);
      kernel.run(left.buffer(), right.buffer(), added.buffer(), out.buffer(), m, n, k);
    }));
    return out.result();
  }

  private byte[] activated(Harness h, Call<MatMul.GemmBiasAct> call) {
    Operand left = call.in("a", a);
    Operand right = call.in("b", b);
    Operand added = call.in("bias", Data.of(DType.F32, bias));
    Operand out = call.out("c", activationType, expected());
    h.check(MatMul.GEMM_BIAS_ACT, type, call.launch(kernel -> {
      MatMul.checkGemmBias(left.buffer(), right.buffer(), added.buffer(), out.buffer(), m, n, k);
      kernel.run(left.buffer(), right.buffer(), added.buffer(), activation, out.buffer(), m, n, k);
    }));
    return out.result();
  }

  private Expected expected() {
    if (bitsOnly) {
      return Expected.anything((long) m * n);
    }
    double[] rows = form.transposed ? b.values() : Product.transpose(b.values(), k, n);
    Product product = Product.of(a.values(), rows, m, n, k);
    double[] exact = product.exact();
    double[] bound = new double[exact.length];
    boolean biased = form == Form.GEMM_BIAS || form == Form.GEMM_BIAS_ACT;
    for (int i = 0; i < exact.length; i++) {
      double sumAbs = product.sumAbs()[i];
      if (biased) {
        exact[i] += (float) bias[i % n];
        sumAbs += Math.abs((float) bias[i % n]);
      }
      if (form == Form.GEMM_BIAS_ACT) {
        double before = exact[i];
        exact[i] = Special.activate(activation, before);
        bound[i] = before == Double.NEGATIVE_INFINITY
            ? Double.POSITIVE_INFINITY
            : MatMul.activatedBound(activation, activationType, k, sumAbs, before, exact[i]);
      } else {
        bound[i] = MatMul.bound(activationType, k, sumAbs, exact[i]);
      }
      bound[i] += k * 0x1p-126;
    }
    return Expected.near(activationType, exact, bound);
  }
}
