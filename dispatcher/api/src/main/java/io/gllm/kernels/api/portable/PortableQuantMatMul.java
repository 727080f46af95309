package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.QuantMatMul;

/** Products with quantised weights, decoded to f32; packed ones have the same order. Quantised activations are decoded first. */
final class PortableQuantMatMul implements QuantMatMul.Kernel {
  private final Launcher launcher;
  private final RowProduct product;
  private final PortableDequant activations;

  PortableQuantMatMul(Launcher launcher, ElementType type) {
    this.launcher = launcher;
    product = new RowProduct(launcher, type);
    activations = new PortableDequant(launcher, ((QuantFormat) type).activationFormat());
  }

  @Override
  public void run(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    if (x.type() == DType.F32) {
      product.run(x, w, y, m, n, k);
    } else {
      Buffer values = launcher.scratch(0, 4 * m * k);
      activations.run(x, values, m * k);
      product.run(values, w, y, m, n, k);
    }
  }
}
