package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** y = y + a * x. */
final class ScalarVecAxpy implements VecAxpy.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private MemorySegment y;
  private MemorySegment x;
  private float a;
  private long n;

  ScalarVecAxpy(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
  }

  @Override
  public void run(Buffer y, float a, Buffer x, long n) {
    this.y = y.segment();
    this.x = x.segment();
    this.a = a;
    this.n = n;
    context.run(this, n * 12);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(n, part + 1, parts);
    for (long i = CpuContext.start(n, part, parts); i < end; i++) {
      Elements.store(type, y, i, PortableMath.mad(a, Elements.load(type, x, i), Elements.load(type, y, i)));
    }
  }
}
