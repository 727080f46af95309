package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.Elements;
import io.gllm.kernels.cpu.scalar.ScalarIndex;
import java.lang.foreign.MemorySegment;

/** Rows of a table, decoded or widened straight into the output. */
final class VectorEmbedding implements Embedding.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private final BlockDecoder decoder;
  private MemorySegment scratch;
  private MemorySegment table;
  private MemorySegment ids;
  private MemorySegment out;
  private long count;
  private int dim;

  VectorEmbedding(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
    this.decoder = type instanceof QuantFormat format ? BlockDecoder.of(format) : null;
  }

  @Override
  public void run(Buffer table, Buffer ids, Buffer out, long count, long rows, long dim) {
    ScalarIndex.check("id", ids, count, rows);
    this.table = table.segment();
    this.ids = ids.segment();
    this.out = out.segment();
    this.count = count;
    this.dim = Math.toIntExact(dim);
    scratch = context.scratch().require((long) BlockDecoder.WORK * context.team().size());
    context.run(this, 4 * count * dim);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(count, part + 1, parts);
    for (long i = CpuContext.start(count, part, parts); i < end; i++) {
      long from = (long) Elements.i32(ids, i) * dim;
      if (decoder == null) {
        Conversion.widen(type, table, from, dim, out, 4 * i * dim);
      } else {
        decoder.decode(table, type.bytesFor(from), out, 4 * i * dim, dim, scratch, (long) BlockDecoder.WORK * part);
      }
    }
  }
}
