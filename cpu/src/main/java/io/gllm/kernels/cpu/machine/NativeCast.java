package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Conversion between f32, f16 and bf16. */
final class NativeCast implements Cast.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType from;
  private final MemorySegment[] code = new MemorySegment[DType.values().length];
  private Buffer x;
  private Buffer out;
  private long n;

  NativeCast(NativeKernels kernels, CpuContext context, ElementType from) {
    this.context = context;
    this.from = from;
    for (DType to : DType.values()) {
      if (to.isFloat() && to != from) {
        code[to.index()] = kernels.entry("cast_" + from.label(), to, "ppl>v");
      }
    }
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    this.x = x;
    this.out = out;
    this.n = n;
    if (out.type() == from) {
      MemorySegment.copy(x.segment(), 0, out.segment(), 0, n * from.blockBytes());
    } else {
      context.run(this, NativeKernels.work(n * (from.blockBytes() + out.type().blockBytes())));
    }
  }

  @Override
  public void run(int part, int parts) {
    long start = NativeKernels.start(n, part, parts);
    long count = NativeKernels.start(n, part + 1, parts) - start;
    ElementType to = out.type();
    boolean brief = count * (from.blockBytes() + to.blockBytes()) <= NativeCall.BRIEF_BYTES;
    NativeCall.run(code[to.index()], brief, x.address() + start * from.blockBytes(), out.address() + start * to.blockBytes(), count);
  }
}
