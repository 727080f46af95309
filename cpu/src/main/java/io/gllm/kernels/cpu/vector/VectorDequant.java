package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Blocks to f32. */
final class VectorDequant implements Dequant.Kernel, ThreadTeam.Task {
  /** Elements of a part's step; every block size divides it. */
  private static final int STEP = 4096;

  private final CpuContext context;
  private final QuantFormat format;
  private final BlockDecoder decoder;
  private MemorySegment scratch;
  private MemorySegment blocks;
  private MemorySegment out;
  private long n;

  VectorDequant(CpuContext context, ElementType type) {
    this.context = context;
    this.format = (QuantFormat) type;
    this.decoder = BlockDecoder.of(format);
  }

  @Override
  public void run(Buffer blocks, Buffer out, long n) {
    this.blocks = blocks.segment();
    this.out = out.segment();
    this.n = n;
    scratch = context.scratch().require((long) BlockDecoder.WORK * context.team().size());
    context.run(this, n * 8);
  }

  @Override
  public void run(int part, int parts) {
    long steps = (n + STEP - 1) / STEP;
    long end = CpuContext.start(steps, part + 1, parts);
    for (long i = CpuContext.start(steps, part, parts); i < end; i++) {
      long from = i * STEP;
      decoder.decode(blocks, format.bytesFor(from), out, 4 * from, (int) Math.min(STEP, n - from), scratch,
          (long) BlockDecoder.WORK * part);
    }
  }
}
