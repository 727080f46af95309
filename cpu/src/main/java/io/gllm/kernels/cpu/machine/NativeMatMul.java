package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.cpu.CpuContext;

/**
 * Every product with floating-point weights. The shape decides the form: few rows read the weights in place, some pack them panel
 * by panel, many block by block. The form decides the sums of fast products, so it depends on the shape alone.
 */
final class NativeMatMul implements MatMul.Gemv, MatMul.GemmBias, MatMul.GemmBiasAct {
  private final GemmCode code;
  private final boolean byRows;
  private final GemmProduct product;
  private final GemmInPlace inPlace;
  private final GemmFewRows fewRows;
  private final GemmManyRows manyRows;

  /** For weights [n][k] if {@code byRows}, else [k][n]; {@code ordered} keeps the portable order of sums. */
  NativeMatMul(GemmCode code, CpuContext context, boolean byRows, boolean ordered) {
    this.code = code;
    this.byRows = byRows;
    this.product = new GemmProduct(ordered);
    this.inPlace = new GemmInPlace(code, context, product);
    this.fewRows = new GemmFewRows(code, context, product);
    this.manyRows = new GemmManyRows(code, context, product);
  }

  @Override
  public void run(Buffer a, Buffer x, Buffer y, long m, long n) {
    multiply(x, a, null, Activation.NONE, y, 1, m, n);
  }

  /** gemm, gemm_bt and gemm_prepacked. */
  void gemm(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    multiply(a, b, null, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k) {
    multiply(a, b, bias, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    multiply(a, b, bias, activation, c, m, n, k);
  }

  private void multiply(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    product.matrices(a, b, c, byRows, code);
    if (m == 0 || n == 0) {
      return;
    }
    product.finish(bias, activation);
    product.size(m, n, k);
    if (m <= GemmInPlace.MOST_ROWS && k > 0 && !product.packed()) {
      inPlace.run();
    } else if (fewRows.fits()) {
      fewRows.run();
    } else {
      manyRows.run();
    }
  }
}
