package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.Elements;
import io.gllm.kernels.cpu.scalar.ScalarIndex;
import java.lang.foreign.MemorySegment;

/** New keys and values into their slots. */
final class VectorKvAppend implements KvAppend.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private MemorySegment k;
  private MemorySegment v;
  private MemorySegment slots;
  private MemorySegment kCache;
  private MemorySegment vCache;
  private long tokens;
  private int kvDim;

  VectorKvAppend(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
  }

  @Override
  public void run(Buffer k, Buffer v, Buffer slots, Buffer kCache, Buffer vCache, long tokens, long kvDim) {
    ScalarIndex.check("slot", slots, tokens, kCache.length() / kvDim);
    this.k = k.segment();
    this.v = v.segment();
    this.slots = slots.segment();
    this.kCache = kCache.segment();
    this.vCache = vCache.segment();
    this.tokens = tokens;
    this.kvDim = Math.toIntExact(kvDim);
    context.run(this, 8 * tokens * kvDim);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(tokens, part + 1, parts);
    for (long t = CpuContext.start(tokens, part, parts); t < end; t++) {
      long to = (long) Elements.i32(slots, t) * kvDim;
      Conversion.narrow(type, k, 4 * t * kvDim, kvDim, kCache, to);
      Conversion.narrow(type, v, 4 * t * kvDim, kvDim, vCache, to);
    }
  }
}
