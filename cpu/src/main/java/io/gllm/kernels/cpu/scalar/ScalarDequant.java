package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.format.BlockFormat;
import java.lang.foreign.MemorySegment;

/** Blocks to f32. */
final class ScalarDequant implements Dequant.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final BlockFormat decoder;
  private final QuantFormat format;
  private final float[][] values;
  private MemorySegment blocks;
  private MemorySegment out;
  private long n;

  ScalarDequant(CpuContext context, ElementType type) {
    this.context = context;
    this.format = (QuantFormat) type;
    this.decoder = BlockFormat.of(format);
    this.values = new float[context.team().size()][format.blockElements()];
  }

  @Override
  public void run(Buffer blocks, Buffer out, long n) {
    this.blocks = blocks.segment();
    this.out = out.segment();
    this.n = n;
    context.run(this, n * 8);
  }

  @Override
  public void run(int part, int parts) {
    int size = format.blockElements();
    float[] block = values[part];
    long end = CpuContext.start(n / size, part + 1, parts);
    for (long b = CpuContext.start(n / size, part, parts); b < end; b++) {
      decoder.decode(blocks, b * format.blockBytes(), block, 0);
      for (int j = 0; j < size; j++) {
        Elements.f32(out, b * size + j, block[j]);
      }
    }
  }
}
