package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/**
 * Attention over contiguous keys and values. The rows that share a key head go in blocks; threads take blocks in turn, which
 * balances the triangle of causal attention.
 */
final class NativeFlashAttention implements FlashAttention.Kernel, ThreadTeam.Task {
  private static final long BRIEF_FLOPS = 500_000;

  private final CpuContext context;
  private final MemorySegment code;
  private final long size;
  private final AttentionArguments[] arguments;
  private Buffer q;
  private Buffer k;
  private Buffer v;
  private Buffer mask;
  private Buffer out;
  private Buffer lse;
  private AttentionShape shape;
  private long scratch;

  NativeFlashAttention(NativeKernels kernels, CpuContext context, ElementType type) {
    this.context = context;
    this.code = AttentionArguments.entry(kernels, type);
    this.size = type.blockBytes();
    this.arguments = AttentionArguments.forThreads(context.team().size());
  }

  @Override
  public void run(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
    this.q = q;
    this.k = k;
    this.v = v;
    this.mask = mask;
    this.out = out;
    this.lse = lse;
    this.shape = shape;
    long bytes = AttentionArguments.scratchBytes(shape.headDim());
    scratch = context.scratch().require(bytes * arguments.length).address();
    context.run(this, FlashAttention.flops(shape) / 16);
  }

  @Override
  public void run(int part, int parts) {
    long rows = (long) shape.queries() * (shape.heads() / shape.kvHeads());
    long blocks = (rows + AttentionArguments.BLOCK - 1) / AttentionArguments.BLOCK;
    long groups = (long) shape.batch() * shape.kvHeads();
    for (long item = part; item < groups * blocks; item += parts) {
      long first = item % blocks * AttentionArguments.BLOCK;
      block(part, item / blocks, first, Math.min(first + AttentionArguments.BLOCK, rows));
    }
  }

  private void block(int part, long group, long first, long last) {
    boolean headsFirst = shape.layout() == AttentionLayout.BHSD;
    int dim = shape.headDim();
    int heads = shape.heads();
    int shared = heads / shape.kvHeads();
    long batch = group / shape.kvHeads();
    long kvHead = group % shape.kvHeads();
    long tokens = headsFirst ? 1 : heads;
    long head = headsFirst ? shape.queries() : 1;
    long row = batch * heads * shape.queries() + kvHead * shared * head;
    long key = (batch * shape.kvHeads() * shape.keys() + kvHead * (headsFirst ? shape.keys() : 1)) * dim * size;
    long from = row * dim * 4;
    long memory = scratch + part * AttentionArguments.scratchBytes(dim);
    long seen = shape.causal() ? (long) shape.keys() - shape.queries() + 1 : shape.keys();
    arguments[part]
        .operands(q.address() + from, k.address() + key, v.address() + key, AttentionArguments.address(mask), out.address() + from,
            lse == null ? 0 : lse.address() + row * 4, memory, 0)
        .rows(first, last, shared, dim, 1).strides(tokens * dim, head * dim, (headsFirst ? 1L : shape.kvHeads()) * dim, 0).pages(0, 0)
        .sees(seen, shape.causal() ? 1 : 0, shape.keys(), shape.keys()).lse(tokens, head)
        .call(code, 4 * (last - first) * shape.keys() * dim <= BRIEF_FLOPS, shape.scale());
  }
}
