package io.gllm.kernels.metal;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.PortableTable;

/** Activations of a product with weights in blocks, as f32; those that come in blocks are decoded first. */
final class QuantActivations {
  private static final int VALUES = 0;

  private final Launcher launcher;
  private final Dequant.Kernel decode;

  QuantActivations(Launcher launcher, ElementType weights) {
    this.launcher = launcher;
    this.decode = PortableTable.kernel(launcher, Dequant.OP, ((QuantFormat) weights).activationFormat());
  }

  Buffer floats(Buffer x, long count) {
    if (x.type() == DType.F32) {
      return x;
    }
    Buffer values = launcher.scratch(VALUES, 4 * count);
    decode.run(x, values, count);
    return values;
  }
}
