package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.cpu.CpuContext;

/** Hides all but the nucleus of each row. */
final class ScalarTopP implements Sampling.TopP {
  private final TokenOrder order = new TokenOrder();
  private final Probabilities probabilities = new Probabilities();

  ScalarTopP(CpuContext context, ElementType type) {}

  @Override
  public void run(Buffer x, Buffer out, long rows, long cols, float p) {
    for (long r = 0; r < rows; r++) {
      row(x, out, r, (int) cols, p);
    }
  }

  private void row(Buffer x, Buffer out, long r, int cols, float p) {
    order.load(x.segment(), r, cols);
    order.sort(cols, cols);
    probabilities.load(x.segment(), r, cols);
    float enough = p * probabilities.total();
    float sum = 0.0f;
    boolean hide = false;
    for (int place = 0; place < cols; place++) {
      int token = order.token(place);
      Elements.f32(out.segment(), r * cols + token, hide ? Float.NEGATIVE_INFINITY : order.value(token));
      sum = sum + probabilities.weight(token);
      hide = hide || sum >= enough;
    }
  }
}
