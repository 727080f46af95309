package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.QuantFormat;

/**
 * Weights W[n][k] of any type, in whatever order the device wants.
 *
 * @param weights the elements
 * @param n rows, the outputs
 * @param k columns, the inputs
 */
record WeightMatrix(Buffer weights, int n, int k) {
  /** out[m][n] = x[m][k] W^T. */
  void apply(KernelDispatcher kernels, Activations x, Buffer out, long m) {
    if (weights.type() instanceof QuantFormat format) {
      kernels.quantMatMul(weights, x.inputFor(format), out, m, n, k);
    } else {
      kernels.gemmBt(x.plain(), weights, out, m, n, k);
    }
  }
}
