package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;

/** Conversion between f32, f16 and bf16. */
final class ScalarCast implements Cast.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType from;
  private Buffer x;
  private Buffer out;
  private long n;

  ScalarCast(CpuContext context, ElementType from) {
    this.context = context;
    this.from = from;
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    this.x = x;
    this.out = out;
    this.n = n;
    context.run(this, n * 8);
  }

  @Override
  public void run(int part, int parts) {
    ElementType to = out.type();
    long end = CpuContext.start(n, part + 1, parts);
    for (long i = CpuContext.start(n, part, parts); i < end; i++) {
      Elements.store(to, out.segment(), i, Elements.load(from, x.segment(), i));
    }
  }
}
