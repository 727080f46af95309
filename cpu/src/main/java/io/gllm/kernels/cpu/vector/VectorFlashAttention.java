package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Attention over contiguous keys and values, in groups of neighbouring queries of the heads that share keys. */
final class VectorFlashAttention implements FlashAttention.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final Rows[] rows;
  private MemorySegment scratch;
  private MemorySegment q;
  private MemorySegment k;
  private MemorySegment v;
  private MemorySegment mask;
  private MemorySegment out;
  private MemorySegment lse;
  private AttentionShape shape;

  VectorFlashAttention(CpuContext context, ElementType type) {
    this.context = context;
    this.rows = new Rows[context.team().size()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new Rows(type);
    }
  }

  @Override
  public void run(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
    this.q = q.segment();
    this.k = k.segment();
    this.v = v.segment();
    this.mask = mask == null ? null : mask.segment();
    this.out = out.segment();
    this.lse = lse == null ? null : lse.segment();
    this.shape = shape;
    scratch = context.scratch().require(AttentionGroup.BYTES * rows.length);
    context.run(this, FlashAttention.flops(shape));
  }

  @Override
  public void run(int part, int parts) {
    long total = (long) shape.batch() * shape.heads() * shape.queries();
    long end = CpuContext.start(total, part + 1, parts);
    long sharing = (long) shape.heads() / shape.kvHeads() * shape.queries();
    for (long i = CpuContext.start(total, part, parts); i < end;) {
      long border = Math.min(end, (i / sharing + 1) * sharing);
      int count = (int) Math.min(AttentionGroup.QUERIES, border - i);
      rows[part].group(i, count, AttentionGroup.BYTES * part);
      i += count;
    }
  }

  /** Index of the first element of a head of a token. */
  private long index(long batch, long heads, long head, long tokens, long token) {
    long row = shape.layout() == AttentionLayout.BHSD ? (batch * heads + head) * tokens + token : (batch * tokens + token) * heads + head;
    return row * shape.headDim();
  }

  private final class Rows implements AttentionGroup.Keys {
    private final AttentionGroup attention;
    private long first;
    private long batch;
    private long kvHead;

    Rows(ElementType type) {
      attention = new AttentionGroup(type);
    }

    /** Rows [first, first + count) of [batch][heads][queries], all of one key head. */
    void group(long first, int count, long workspace) {
      this.first = first;
      long head = first / shape.queries() % shape.heads();
      batch = first / shape.queries() / shape.heads();
      kvHead = head / (shape.heads() / shape.kvHeads());
      attention.begin(scratch, workspace, shape.headDim());
      for (int i = 0; i < count; i++) {
        long query = (first + i) % shape.queries();
        long keys = shape.causal() ? Math.clamp(shape.keys() - shape.queries() + query + 1, 0, shape.keys()) : shape.keys();
        attention.add(q, element(i), shape.scale(), keys);
      }
      attention.attend(k, v, mask, this);
      for (int i = 0; i < count; i++) {
        attention.store(i, out, element(i));
        if (lse != null) {
          lse.set(Lanes.FLOAT, 4 * (element(i) / shape.headDim()), attention.lse(i));
        }
      }
    }

    private long element(int i) {
      long row = first + i;
      return index(batch, shape.heads(), row / shape.queries() % shape.heads(), shape.queries(), row % shape.queries());
    }

    @Override
    public long at(long t) {
      return index(batch, shape.kvHeads(), kvHead, shape.keys(), t);
    }

    @Override
    public long maskAt(int query, long t) {
      return (first + query) % shape.queries() * shape.keys() + t;
    }
  }
}
