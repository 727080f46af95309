package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** exp, silu, gelu, gelu_erf, relu and tanh, element by element. */
final class ScalarUnary implements UnaryOp.Kernel, ThreadTeam.Task {
  /** A function of one number. */
  interface Function {
    float apply(float x);
  }

  private final CpuContext context;
  private final ElementType type;
  private final Function function;
  private MemorySegment x;
  private MemorySegment out;
  private long n;

  ScalarUnary(CpuContext context, ElementType type, Function function) {
    this.context = context;
    this.type = type;
    this.function = function;
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    this.x = x.segment();
    this.out = out.segment();
    this.n = n;
    context.run(this, n * 16);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(n, part + 1, parts);
    for (long i = CpuContext.start(n, part, parts); i < end; i++) {
      Elements.store(type, out, i, function.apply(Elements.load(type, x, i)));
    }
  }
}
