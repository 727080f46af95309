package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** vec_add, vec_sub, vec_mul and swiglu. */
final class NativeBinary implements BinaryOp.Kernel, ThreadTeam.Task {
  private static final String SIGNATURE = "pppl>v";

  private final CpuContext context;
  private final MemorySegment cached;
  private final MemorySegment streamed;
  private final long streamBytes;
  private final long size;
  private Buffer a;
  private Buffer b;
  private Buffer out;
  private long n;

  NativeBinary(NativeKernels kernels, String stem, CpuContext context, ElementType type) {
    this.context = context;
    this.cached = kernels.entry(stem, type, SIGNATURE);
    this.streamed = type == DType.F32 ? kernels.stream(stem, SIGNATURE) : cached;
    this.streamBytes = kernels.streamBytes();
    this.size = type.blockBytes();
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer out, long n) {
    this.a = a;
    this.b = b;
    this.out = out;
    this.n = n;
    context.run(this, NativeKernels.work(3 * n * size));
  }

  @Override
  public void run(int part, int parts) {
    long from = NativeKernels.start(n, part, parts);
    long count = NativeKernels.start(n, part + 1, parts) - from;
    long skip = from * size;
    MemorySegment code = n * size > streamBytes ? streamed : cached;
    boolean brief = 3 * count * size <= NativeCall.BRIEF_BYTES;
    NativeCall.run(code, brief, a.address() + skip, b.address() + skip, out.address() + skip, count);
  }
}
