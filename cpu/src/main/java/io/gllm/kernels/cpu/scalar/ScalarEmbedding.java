package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.cpu.CpuContext;
import java.lang.foreign.MemorySegment;

/** Rows of a table, decoded to f32. */
final class ScalarEmbedding implements Embedding.Kernel {
  private final WeightRows table;
  private float[] row = new float[0];

  ScalarEmbedding(CpuContext context, ElementType type) {
    this.table = new WeightRows(type);
  }

  @Override
  public void run(Buffer table, Buffer ids, Buffer out, long count, long rows, long dim) {
    ScalarIndex.check("id", ids, count, rows);
    this.table.set(table, rows, dim, false);
    if (row.length < dim) {
      row = new float[Math.toIntExact(dim)];
    }
    MemorySegment to = out.segment();
    for (long i = 0; i < count; i++) {
      this.table.row(Elements.i32(ids.segment(), i), row);
      for (int j = 0; j < dim; j++) {
        Elements.f32(to, i * dim + j, row[j]);
      }
    }
  }
}
