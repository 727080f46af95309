package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** vec_add, vec_sub, vec_mul and swiglu, element by element. */
final class ScalarBinary implements BinaryOp.Kernel, ThreadTeam.Task {
  /** A function of two numbers. */
  interface Function {
    float apply(float a, float b);
  }

  private final CpuContext context;
  private final ElementType type;
  private final Function function;
  private MemorySegment a;
  private MemorySegment b;
  private MemorySegment out;
  private long n;

  ScalarBinary(CpuContext context, ElementType type, Function function) {
    this.context = context;
    this.type = type;
    this.function = function;
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer out, long n) {
    this.a = a.segment();
    this.b = b.segment();
    this.out = out.segment();
    this.n = n;
    context.run(this, n * 16);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(n, part + 1, parts);
    for (long i = CpuContext.start(n, part, parts); i < end; i++) {
      Elements.store(type, out, i, function.apply(Elements.load(type, a, i), Elements.load(type, b, i)));
    }
  }
}
