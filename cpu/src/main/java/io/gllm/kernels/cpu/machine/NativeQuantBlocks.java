package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** dequant and quantize: blocks to f32 and back. Threads share the blocks. */
final class NativeQuantBlocks implements Dequant.Kernel, Quantize.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType format;
  private final MemorySegment code;
  private Buffer in;
  private Buffer out;
  private long blocks;

  private NativeQuantBlocks(MemorySegment code, CpuContext context, ElementType format) {
    this.context = context;
    this.format = format;
    this.code = code;
  }

  static NativeQuantBlocks dequant(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeQuantBlocks(kernels.entry("dequant", type, "ppl>v"), context, type);
  }

  static NativeQuantBlocks quantize(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeQuantBlocks(kernels.entry("quantize", type, "ppl>v"), context, type);
  }

  @Override
  public void run(Buffer in, Buffer out, long n) {
    this.in = in;
    this.out = out;
    this.blocks = n / format.blockElements();
    context.run(this, NativeKernels.work(n * Float.BYTES));
  }

  @Override
  public void run(int part, int parts) {
    long first = CpuContext.start(blocks, part, parts);
    long count = CpuContext.start(blocks, part + 1, parts) - first;
    boolean brief = count * format.blockElements() * Float.BYTES <= NativeCall.BRIEF_BYTES;
    NativeCall.run(code, brief, at(in, first), at(out, first), count);
  }

  private long at(Buffer buffer, long block) {
    return buffer.address() + buffer.type().bytesFor(block * format.blockElements());
  }
}
