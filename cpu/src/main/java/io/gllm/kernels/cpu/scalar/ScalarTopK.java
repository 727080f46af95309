package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.cpu.CpuContext;

/** The k largest elements of each row. */
final class ScalarTopK implements Sampling.TopK {
  private final TokenOrder order = new TokenOrder();

  ScalarTopK(CpuContext context, ElementType type) {}

  @Override
  public void run(Buffer x, Buffer values, Buffer indices, long rows, long cols, int k) {
    for (long r = 0; r < rows; r++) {
      order.load(x.segment(), r, (int) cols);
      order.sort((int) cols, k);
      for (int i = 0; i < k; i++) {
        Elements.f32(values.segment(), r * k + i, order.value(order.token(i)));
        Elements.i32(indices.segment(), r * k + i, order.token(i));
      }
    }
  }
}
