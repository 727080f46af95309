package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** rms_norm, and rms_norm_residual whose row is x + residual. */
final class NativeRmsNorm implements RmsNorm.Kernel, RmsNorm.Residual, ThreadTeam.Task {
  private final CpuContext context;
  private final MemorySegment cached;
  private final MemorySegment streamed;
  private final MemorySegment withResidual;
  private final NativeKernels kernels;
  private final long size;
  private Buffer x;
  private Buffer residual;
  private Buffer weight;
  private Buffer sum;
  private Buffer out;
  private long rows;
  private long cols;
  private float eps;

  NativeRmsNorm(NativeKernels kernels, CpuContext context, ElementType type) {
    this.context = context;
    this.cached = kernels.entry("rms_norm", type, "pppllf>v");
    this.streamed = type == DType.F32 ? kernels.stream("rms_norm", "pppllf>v") : cached;
    this.withResidual = kernels.entry("rms_norm_residual", type, "pppppllf>v");
    this.kernels = kernels;
    this.size = type.blockBytes();
  }

  @Override
  public void run(Buffer x, Buffer weight, Buffer out, long rows, long cols, float eps) {
    start(x, null, weight, null, out, rows, cols, eps);
  }

  @Override
  public void run(Buffer x, Buffer residual, Buffer weight, Buffer sum, Buffer out, long rows, long cols, float eps) {
    start(x, residual, weight, sum, out, rows, cols, eps);
  }

  private void start(Buffer x, Buffer residual, Buffer weight, Buffer sum, Buffer out, long rows, long cols, float eps) {
    this.x = x;
    this.residual = residual;
    this.weight = weight;
    this.sum = sum;
    this.out = out;
    this.rows = rows;
    this.cols = cols;
    this.eps = eps;
    context.run(this, NativeKernels.work(rows * cols * rowFactor()));
  }

  private long rowFactor() {
    return (residual == null ? 2 : 4) * size;
  }

  @Override
  public void run(int part, int parts) {
    long from = CpuContext.start(rows, part, parts);
    long count = CpuContext.start(rows, part + 1, parts) - from;
    long skip = from * cols * size;
    boolean brief = count * cols * rowFactor() <= NativeCall.BRIEF_BYTES;
    long in = x.address() + skip;
    long to = out.address() + skip;
    if (residual == null) {
      MemorySegment code = kernels.streamsRows(rows, cols) ? streamed : cached;
      NativeCall.run(code, brief, in, weight.address(), to, count, cols, eps);
    } else {
      long added = residual.address() + skip;
      NativeCall.run(withResidual, brief, in, added, weight.address(), sum.address() + skip, to, count, cols, eps);
    }
  }
}
