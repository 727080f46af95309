package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** layer_norm. */
final class NativeLayerNorm implements LayerNorm.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final MemorySegment code;
  private final long size;
  private Buffer x;
  private Buffer gamma;
  private Buffer beta;
  private Buffer out;
  private long rows;
  private long cols;
  private float eps;

  NativeLayerNorm(NativeKernels kernels, CpuContext context, ElementType type) {
    this.context = context;
    this.code = kernels.entry("layer_norm", type, "ppppllf>v");
    this.size = type.blockBytes();
  }

  @Override
  public void run(Buffer x, Buffer gamma, Buffer beta, Buffer out, long rows, long cols, float eps) {
    this.x = x;
    this.gamma = gamma;
    this.beta = beta;
    this.out = out;
    this.rows = rows;
    this.cols = cols;
    this.eps = eps;
    context.run(this, NativeKernels.work(rows * cols * 2 * size));
  }

  @Override
  public void run(int part, int parts) {
    long from = CpuContext.start(rows, part, parts);
    long count = CpuContext.start(rows, part + 1, parts) - from;
    long skip = from * cols * size;
    boolean brief = count * cols * 2 * size <= NativeCall.BRIEF_BYTES;
    NativeCall.run(code, brief, x.address() + skip, gamma.address(), beta.address(), out.address() + skip, count, cols, eps);
  }
}
