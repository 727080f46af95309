package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.MatMul;

/** gemv, gemm_bt and gemm_prepacked: plain weights in rows [n][k], which is also the packed order. */
final class PortableMatMul implements MatMul.Gemv {
  private final RowProduct product;
  private final Wide wide;

  PortableMatMul(Launcher launcher, ElementType type) {
    product = new RowProduct(launcher, type);
    wide = new Wide(launcher, type);
  }

  @Override
  public void run(Buffer a, Buffer x, Buffer y, long m, long n) {
    gemm(x, a, y, 1, m, n);
  }

  /** gemm_bt and gemm_prepacked. */
  void gemm(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    if (a.type() == DType.F32) {
      product.run(a, b, c, m, n, k);
    } else {
      Buffer sums = wide.scratch(1, m * n);
      product.run(wide.widen(0, a, m * k), b, sums, m, n, k);
      wide.narrow(sums, c, m * n);
    }
  }
}
