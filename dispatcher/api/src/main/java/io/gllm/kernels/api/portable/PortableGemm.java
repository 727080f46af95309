package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.MatMul;

/** gemm, gemm_bias and gemm_bias_act: plain weights [k][n]. */
final class PortableGemm implements MatMul.GemmBias, MatMul.GemmBiasAct {
  private final ColumnProduct product;
  private final Wide wide;

  PortableGemm(Launcher launcher, ElementType type, boolean bias) {
    product = new ColumnProduct(launcher, type, bias);
    wide = new Wide(launcher, type);
  }

  /** gemm. */
  void gemm(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    run(a, b, null, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k) {
    run(a, b, bias, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    if (a.type() == DType.F32) {
      product.run(a, b, bias, activation, c, m, n, k);
    } else {
      Buffer sums = wide.scratch(1, m * n);
      product.run(wide.widen(0, a, m * k), b, bias, activation, sums, m, n, k);
      wide.narrow(sums, c, m * n);
    }
  }
}
