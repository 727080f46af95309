package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Conversion between f32, f16 and bf16, in blocks through f32. */
final class VectorCast implements Cast.Kernel, ThreadTeam.Task {
  private static final int BLOCK = 2048;

  private final CpuContext context;
  private final ElementType from;
  private MemorySegment scratch;
  private MemorySegment x;
  private MemorySegment out;
  private ElementType to;
  private long n;

  VectorCast(CpuContext context, ElementType from) {
    this.context = context;
    this.from = from;
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    this.x = x.segment();
    this.out = out.segment();
    this.to = out.type();
    this.n = n;
    scratch = context.scratch().require(4L * BLOCK * context.team().size());
    context.run(this, n * 8);
  }

  @Override
  public void run(int part, int parts) {
    long blocks = (n + BLOCK - 1) / BLOCK;
    long end = CpuContext.start(blocks, part + 1, parts);
    for (long block = CpuContext.start(blocks, part, parts); block < end; block++) {
      convert(block * BLOCK, (int) Math.min(BLOCK, n - block * BLOCK), 4L * BLOCK * part);
    }
  }

  private void convert(long first, int count, long buffer) {
    if (to == DType.F32) {
      Conversion.widen(from, x, first, count, out, 4 * first);
    } else if (from == DType.F32) {
      Conversion.narrow(to, x, 4 * first, count, out, first);
    } else {
      Conversion.widen(from, x, first, count, scratch, buffer);
      Conversion.narrow(to, scratch, buffer, count, out, first);
    }
  }
}
