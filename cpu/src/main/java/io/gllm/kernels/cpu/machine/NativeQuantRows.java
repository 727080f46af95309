package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** embedding of a quantised table. Threads share the ids. */
final class NativeQuantRows implements Embedding.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final MemorySegment code;
  private Buffer table;
  private long ids;
  private Buffer out;
  private long count;
  private long dim;

  NativeQuantRows(NativeKernels kernels, CpuContext context, ElementType type) {
    this.context = context;
    this.code = kernels.entry("quant_rows", type, "plpplll>v");
  }

  @Override
  public void run(Buffer table, Buffer ids, Buffer out, long count, long rows, long dim) {
    this.ids = NativeIndices.checked(context, "id", ids, count, rows);
    this.table = table;
    this.out = out;
    this.count = count;
    this.dim = dim;
    context.run(this, NativeKernels.work(count * dim * Float.BYTES));
  }

  @Override
  public void run(int part, int parts) {
    long first = CpuContext.start(count, part, parts);
    long last = CpuContext.start(count, part + 1, parts);
    boolean brief = (last - first) * dim * Float.BYTES <= NativeCall.BRIEF_BYTES;
    NativeCall.run(code, brief, table.address(), table.type().bytesFor(dim), ids, out.address(), dim, first, last);
  }
}
