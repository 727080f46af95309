package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.Elements;
import io.gllm.kernels.cpu.scalar.ScalarPagedAttention;
import java.lang.foreign.MemorySegment;

/** Attention over a paged cache, in groups of the queries and heads that share keys. */
final class VectorPagedAttention implements PagedAttention.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final Rows[] rows;
  private MemorySegment scratch;
  private MemorySegment q;
  private MemorySegment k;
  private MemorySegment v;
  private MemorySegment table;
  private MemorySegment lengths;
  private MemorySegment out;
  private MemorySegment lse;
  private PagedShape shape;

  VectorPagedAttention(CpuContext context, ElementType type) {
    this.context = context;
    this.rows = new Rows[context.team().size()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new Rows(type);
    }
  }

  @Override
  public void run(Buffer q, Buffer kCache, Buffer vCache, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape shape) {
    long tokens = ScalarPagedAttention.checkTable(kCache, table.segment(), lengths.segment(), shape);
    this.q = q.segment();
    this.k = kCache.segment();
    this.v = vCache.segment();
    this.table = table.segment();
    this.lengths = lengths.segment();
    this.out = out.segment();
    this.lse = lse == null ? null : lse.segment();
    this.shape = shape;
    scratch = context.scratch().require(AttentionGroup.BYTES * rows.length);
    context.run(this, 4L * tokens * shape.queries() * shape.heads() * shape.headDim());
  }

  @Override
  public void run(int part, int parts) {
    long total = (long) shape.sequences() * shape.queries() * shape.heads();
    long end = CpuContext.start(total, part + 1, parts);
    long sharing = (long) shape.heads() / shape.kvHeads() * shape.queries();
    for (long i = CpuContext.start(total, part, parts); i < end;) {
      long border = Math.min(end, (i / sharing + 1) * sharing);
      int count = (int) Math.min(AttentionGroup.QUERIES, border - i);
      rows[part].group(i, count, AttentionGroup.BYTES * part);
      i += count;
    }
  }

  private final class Rows implements AttentionGroup.Keys {
    private final AttentionGroup attention;
    private long first;
    private long sequence;
    private long kvHead;

    Rows(ElementType type) {
      attention = new AttentionGroup(type);
    }

    /** Rows [first, first + count) of [sequences][kvHeads][queries][heads / kvHeads], all of one key head. */
    void group(long first, int count, long workspace) {
      this.first = first;
      long group = first / sharing() / shape.queries();
      kvHead = group % shape.kvHeads();
      sequence = group / shape.kvHeads();
      int length = Elements.i32(lengths, sequence);
      attention.begin(scratch, workspace, shape.headDim());
      for (int i = 0; i < count; i++) {
        attention.add(q, row(i) * shape.headDim(), shape.scale(), Math.max(0, length - shape.queries() + query(i) + 1));
      }
      attention.attend(k, v, null, this);
      for (int i = 0; i < count; i++) {
        attention.store(i, out, row(i) * shape.headDim());
        if (lse != null) {
          lse.set(Lanes.FLOAT, 4 * row(i), attention.lse(i));
        }
      }
    }

    private long sharing() {
      return shape.heads() / shape.kvHeads();
    }

    private long query(int i) {
      return (first + i) / sharing() % shape.queries();
    }

    /** The row in [sequences][queries][heads]. */
    private long row(int i) {
      return (sequence * shape.queries() + query(i)) * shape.heads() + kvHead * sharing() + (first + i) % sharing();
    }

    @Override
    public long at(long t) {
      long block = Elements.i32(table, sequence * shape.tableColumns() + t / shape.page());
      return ((block * shape.page() + t % shape.page()) * shape.kvHeads() + kvHead) * shape.headDim();
    }

    @Override
    public long maskAt(int query, long t) {
      throw new UnsupportedOperationException("a paged cache has no mask");
    }
  }
}
