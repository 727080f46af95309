package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Attention over contiguous keys and values, query by query. */
final class ScalarFlashAttention implements FlashAttention.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final Rows[] rows;
  private MemorySegment q;
  private MemorySegment k;
  private MemorySegment v;
  private MemorySegment mask;
  private MemorySegment out;
  private MemorySegment lse;
  private AttentionShape shape;

  ScalarFlashAttention(CpuContext context, ElementType type) {
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
    context.run(this, FlashAttention.flops(shape));
  }

  @Override
  public void run(int part, int parts) {
    long total = (long) shape.batch() * shape.heads() * shape.queries();
    long end = CpuContext.start(total, part + 1, parts);
    for (long i = CpuContext.start(total, part, parts); i < end; i++) {
      rows[part].row(i);
    }
  }

  /** Index of the first element of a head of a token. */
  private long index(long batch, long heads, long head, long tokens, long token) {
    long row = shape.layout() == AttentionLayout.BHSD ? (batch * heads + head) * tokens + token : (batch * tokens + token) * heads + head;
    return row * shape.headDim();
  }

  private final class Rows implements AttentionRow.Keys {
    private final AttentionRow attention;
    private long batch;
    private long kvHead;
    private long query;

    Rows(ElementType type) {
      attention = new AttentionRow(type);
    }

    /** Row i of [batch][heads][queries]. */
    void row(long i) {
      query = i % shape.queries();
      long head = i / shape.queries() % shape.heads();
      batch = i / shape.queries() / shape.heads();
      kvHead = head / (shape.heads() / shape.kvHeads());
      long keys = shape.causal() ? Math.clamp(shape.keys() - shape.queries() + query + 1, 0, shape.keys()) : shape.keys();
      long at = index(batch, shape.heads(), head, shape.queries(), query);
      attention.attend(q, at, shape.headDim(), shape.scale(), k, v, keys, this);
      attention.store(out, at);
      if (lse != null) {
        Elements.f32(lse, at / shape.headDim(), attention.lse());
      }
    }

    @Override
    public long at(long t) {
      return index(batch, shape.kvHeads(), kvHead, shape.keys(), t);
    }

    @Override
    public float mask(long t) {
      return mask == null ? 0.0f : Elements.f32(mask, query * shape.keys() + t);
    }
  }
}
