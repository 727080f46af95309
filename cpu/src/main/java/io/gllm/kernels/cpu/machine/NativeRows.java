package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.cpu.CpuContext;
import java.lang.foreign.MemorySegment;

/** embedding, kv_append and argmax: one call each, their work is small beside that of a layer. */
final class NativeRows implements Embedding.Kernel, KvAppend.Kernel, Sampling.Argmax {
  private final CpuContext context;
  private final MemorySegment code;
  private final long size;

  private NativeRows(CpuContext context, MemorySegment code, ElementType type) {
    this.context = context;
    this.code = code;
    this.size = type.blockBytes();
  }

  static NativeRows embedding(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeRows(context, kernels.entry("embedding", type, "pppll>v"), type);
  }

  static NativeRows kvAppend(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeRows(context, kernels.entry("kv_append", type, "pppppll>v"), type);
  }

  static NativeRows argmax(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeRows(context, kernels.entry("argmax", type, "ppll>v"), type);
  }

  private static boolean brief(long bytes) {
    return bytes <= NativeCall.BRIEF_BYTES;
  }

  @Override
  public void run(Buffer table, Buffer ids, Buffer out, long count, long rows, long dim) {
    long checked = NativeIndices.checked(context, "id", ids, count, rows);
    NativeCall.run(code, brief(count * dim * (size + 4)), table.address(), checked, out.address(), count, dim);
  }

  @Override
  public void run(Buffer k, Buffer v, Buffer slots, Buffer kCache, Buffer vCache, long tokens, long kvDim) {
    long checked = NativeIndices.checked(context, "slot", slots, tokens, kCache.length() / kvDim);
    boolean brief = brief(2 * tokens * kvDim * (4 + size));
    NativeCall.run(code, brief, k.address(), v.address(), checked, kCache.address(), vCache.address(), tokens, kvDim);
  }

  @Override
  public void run(Buffer x, Buffer out, long rows, long cols) {
    NativeCall.run(code, brief(rows * cols * size), x.address(), out.address(), rows, cols);
  }
}
