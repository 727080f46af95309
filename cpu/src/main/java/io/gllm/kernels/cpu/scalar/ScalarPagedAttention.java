package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Attention over a paged cache, query by query. */
public final class ScalarPagedAttention implements PagedAttention.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final Rows[] rows;
  private MemorySegment q;
  private MemorySegment k;
  private MemorySegment v;
  private MemorySegment table;
  private MemorySegment lengths;
  private MemorySegment out;
  private MemorySegment lse;
  private PagedShape shape;

  ScalarPagedAttention(CpuContext context, ElementType type) {
    this.context = context;
    this.rows = new Rows[context.team().size()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new Rows(type);
    }
  }

  @Override
  public void run(Buffer q, Buffer kCache, Buffer vCache, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape shape) {
    long tokens = checkTable(kCache, table.segment(), lengths.segment(), shape);
    this.q = q.segment();
    this.k = kCache.segment();
    this.v = vCache.segment();
    this.table = table.segment();
    this.lengths = lengths.segment();
    this.out = out.segment();
    this.lse = lse == null ? null : lse.segment();
    this.shape = shape;
    context.run(this, 4L * tokens * shape.queries() * shape.heads() * shape.headDim());
  }

  /**
   * Checks lengths and the table entries they reach; returns the number of cached tokens of all sequences.
   *
   * @throws IndexOutOfBoundsException naming the first that is wrong
   */
  public static long checkTable(Buffer kCache, MemorySegment table, MemorySegment lengths, PagedShape shape) {
    ScalarIndex.check("length", lengths, shape.sequences(), (long) shape.tableColumns() * shape.page() + 1);
    long blocks = kCache.length() / ((long) shape.page() * shape.kvHeads() * shape.headDim());
    long tokens = 0;
    for (int s = 0; s < shape.sequences(); s++) {
      int length = Elements.i32(lengths, s);
      tokens += length;
      for (int page = 0; (long) page * shape.page() < length; page++) {
        int block = Elements.i32(table, (long) s * shape.tableColumns() + page);
        if (block < 0 || block >= blocks) {
          throw new IndexOutOfBoundsException("table [" + s + "][" + page + "] = " + block + " is not in 0.." + (blocks - 1));
        }
      }
    }
    return tokens;
  }

  @Override
  public void run(int part, int parts) {
    long total = (long) shape.sequences() * shape.queries() * shape.heads();
    long end = CpuContext.start(total, part + 1, parts);
    for (long i = CpuContext.start(total, part, parts); i < end; i++) {
      rows[part].row(i);
    }
  }

  private final class Rows implements AttentionRow.Keys {
    private final AttentionRow attention;
    private long sequence;
    private long kvHead;

    Rows(ElementType type) {
      attention = new AttentionRow(type);
    }

    /** Row i of [sequences][queries][heads]. */
    void row(long i) {
      long query = i / shape.heads() % shape.queries();
      kvHead = i % shape.heads() / (shape.heads() / shape.kvHeads());
      sequence = i / shape.heads() / shape.queries();
      long seen = Math.max(0, Elements.i32(lengths, sequence) - shape.queries() + query + 1);
      attention.attend(q, i * shape.headDim(), shape.headDim(), shape.scale(), k, v, seen, this);
      attention.store(out, i * shape.headDim());
      if (lse != null) {
        Elements.f32(lse, i, attention.lse());
      }
    }

    @Override
    public long at(long t) {
      long block = Elements.i32(table, sequence * shape.tableColumns() + t / shape.page());
      return ((block * shape.page() + t % shape.page()) * shape.kvHeads() + kvHead) * shape.headDim();
    }

    @Override
    public float mask(long t) {
      return 0.0f;
    }
  }
}
