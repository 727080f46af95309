package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.api.op.VecScale;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** out = x * s: vec_scale in place, and temperature with s = 1 / t. */
final class ScalarVecScale implements VecScale.Kernel, Sampling.Temperature, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private MemorySegment x;
  private MemorySegment out;
  private float s;
  private long n;

  ScalarVecScale(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
  }

  /** The kernel as temperature, which is f32. */
  static ScalarVecScale temperature(CpuContext context, ElementType type) {
    return new ScalarVecScale(context, DType.F32);
  }

  @Override
  public void run(Buffer x, float s, long n) {
    scale(x, x, n, s);
  }

  @Override
  public void run(Buffer x, Buffer out, long n, float t) {
    scale(x, out, n, 1.0f / t);
  }

  private void scale(Buffer from, Buffer to, long count, float factor) {
    x = from.segment();
    out = to.segment();
    n = count;
    s = factor;
    context.run(this, count * 8);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(n, part + 1, parts);
    for (long i = CpuContext.start(n, part, parts); i < end; i++) {
      Elements.store(type, out, i, Elements.load(type, x, i) * s);
    }
  }
}
