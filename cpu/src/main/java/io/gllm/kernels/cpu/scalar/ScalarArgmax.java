package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.cpu.CpuContext;

/** Index of the first largest element of each row. */
final class ScalarArgmax implements Sampling.Argmax {
  private final ElementType type;

  ScalarArgmax(CpuContext context, ElementType type) {
    this.type = type;
  }

  @Override
  public void run(Buffer x, Buffer out, long rows, long cols) {
    for (long r = 0; r < rows; r++) {
      float best = Float.NEGATIVE_INFINITY;
      int index = Sampling.NO_TOKEN;
      for (int i = 0; i < cols; i++) {
        float v = Elements.load(type, x.segment(), r * cols + i);
        if (v > best) {
          best = v;
          index = i;
        }
      }
      Elements.i32(out.segment(), r, index);
    }
  }
}
