package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** exp, silu, gelu, gelu_erf, relu and tanh. */
final class NativeUnary implements UnaryOp.Kernel, ThreadTeam.Task {
  private static final String SIGNATURE = "ppl>v";

  private final CpuContext context;
  private final MemorySegment cached;
  private final MemorySegment streamed;
  private final long streamBytes;
  private final long size;
  private Buffer x;
  private Buffer out;
  private long n;

  NativeUnary(NativeKernels kernels, String stem, CpuContext context, ElementType type) {
    this.context = context;
    this.cached = kernels.entry(stem, type, SIGNATURE);
    this.streamed = type == DType.F32 ? kernels.stream(stem, SIGNATURE) : cached;
    this.streamBytes = kernels.streamBytes();
    this.size = type.blockBytes();
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    this.x = x;
    this.out = out;
    this.n = n;
    context.run(this, NativeKernels.work(2 * n * size));
  }

  @Override
  public void run(int part, int parts) {
    long from = NativeKernels.start(n, part, parts);
    long count = NativeKernels.start(n, part + 1, parts) - from;
    MemorySegment code = n * size > streamBytes ? streamed : cached;
    NativeCall.run(code, 2 * count * size <= NativeCall.BRIEF_BYTES, x.address() + from * size, out.address() + from * size, count);
  }
}
