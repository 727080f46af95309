package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.ScalarPagedAttention;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Attention over a paged cache; threads take key heads, and blocks of their rows, in turn. */
final class NativePagedAttention implements PagedAttention.Kernel, ThreadTeam.Task {
  private static final long BRIEF_FLOPS = 500_000;
  private static final long CHUNK_BYTES = 4096;

  private final CpuContext context;
  private final MemorySegment code;
  private final long size;
  private final AttentionArguments[] arguments;
  private Buffer q;
  private Buffer k;
  private Buffer v;
  private MemorySegment indices;
  private MemorySegment table;
  private MemorySegment lengths;
  private Buffer out;
  private Buffer lse;
  private PagedShape shape;
  private long scratch;

  NativePagedAttention(NativeKernels kernels, CpuContext context, ElementType type) {
    this.context = context;
    this.code = AttentionArguments.entry(kernels, type);
    this.size = type.blockBytes();
    this.arguments = AttentionArguments.forThreads(context.team().size());
  }

  @Override
  public void run(Buffer q, Buffer kCache, Buffer vCache, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape shape) {
    copyIndices(table, lengths, shape);
    long tokens = ScalarPagedAttention.checkTable(kCache, this.table, this.lengths, shape);
    this.q = q;
    this.k = kCache;
    this.v = vCache;
    this.out = out;
    this.lse = lse;
    this.shape = shape;
    long bytes = AttentionArguments.scratchBytes(shape.headDim());
    scratch = context.scratch().require(bytes * arguments.length).address();
    context.run(this, tokens * shape.queries() * shape.heads() * shape.headDim() / 4);
  }

  /** What is checked is what is used, see {@link NativeIndices}. */
  private void copyIndices(Buffer from, Buffer counts, PagedShape size) {
    long lengthBytes = size.sequences() * 4L;
    long tableBytes = lengthBytes * size.tableColumns();
    MemorySegment copy = context.indices().require(lengthBytes + tableBytes);
    if (copy != indices || lengths.byteSize() != lengthBytes || table.byteSize() != tableBytes) { // not anew for each step
      indices = copy;
      lengths = copy.asSlice(0, lengthBytes);
      table = copy.asSlice(lengthBytes, tableBytes);
    }
    MemorySegment.copy(counts.segment(), 0, lengths, 0, lengthBytes);
    MemorySegment.copy(from.segment(), 0, table, 0, tableBytes);
  }

  @Override
  public void run(int part, int parts) {
    long rows = (long) shape.queries() * (shape.heads() / shape.kvHeads());
    long blocks = (rows + AttentionArguments.BLOCK - 1) / AttentionArguments.BLOCK;
    int side = sideBySide(rows, parts);
    long groups = (shape.kvHeads() + side - 1) / side;
    for (long item = part; item < shape.sequences() * groups * blocks; item += parts) {
      long first = item % blocks * AttentionArguments.BLOCK;
      long kvHead = item / blocks % groups * side;
      long count = Math.min(side, shape.kvHeads() - kvHead);
      block(part, item / blocks / groups, kvHead, count, first, Math.min(first + AttentionArguments.BLOCK, rows));
    }
  }

  /**
   * Key heads of one call: they lie side by side, and reading them together makes one stream of memory; but every thread wants
   * work, their rows must fit into a block, and their tiles into L2.
   */
  private int sideBySide(long rows, int parts) {
    long share = ((long) shape.sequences() * shape.kvHeads() + parts - 1) / parts;
    long near = Math.min(AttentionArguments.BLOCK / Math.max(1, rows), CHUNK_BYTES / (shape.headDim() * size));
    return Math.clamp(Math.min(share, near), 1, shape.kvHeads());
  }

  private void block(int part, long sequence, long kvHead, long kvHeads, long first, long last) {
    int dim = shape.headDim();
    int heads = shape.heads();
    int shared = heads / shape.kvHeads();
    long length = lengths.get(ValueLayout.JAVA_INT_UNALIGNED, sequence * 4);
    long row = sequence * shape.queries() * heads + kvHead * shared;
    long token = (long) shape.kvHeads() * dim;
    long key = kvHead * dim * size;
    long memory = scratch + part * AttentionArguments.scratchBytes(dim);
    long pages = table.address() + sequence * shape.tableColumns() * 4;
    arguments[part]
        .operands(q.address() + row * dim * 4, k.address() + key, v.address() + key, 0, out.address() + row * dim * 4,
            lse == null ? 0 : lse.address() + row * 4, memory, pages)
        .rows(first, last, shared, dim, kvHeads).strides((long) heads * dim, dim, token, dim).pages(shape.page(), shape.page() * token)
        .sees(length - shape.queries() + 1, 1, length, 0).lse(heads, 1)
        .call(code, 4 * (last - first) * kvHeads * length * dim <= BRIEF_FLOPS, shape.scale());
  }
}
