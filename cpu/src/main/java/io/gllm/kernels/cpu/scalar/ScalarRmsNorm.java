package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** rms_norm, and rms_norm_residual whose row is x + residual. */
final class ScalarRmsNorm implements RmsNorm.Kernel, RmsNorm.Residual, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private final RowTrees trees;
  private MemorySegment x;
  private MemorySegment residual;
  private MemorySegment weight;
  private MemorySegment sum;
  private MemorySegment out;
  private long rows;
  private long cols;
  private float eps;

  ScalarRmsNorm(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
    this.trees = new RowTrees(context);
  }

  @Override
  public void run(Buffer x, Buffer weight, Buffer out, long rows, long cols, float eps) {
    residual = null;
    sum = null;
    start(x, weight, out, rows, cols, eps);
  }

  @Override
  public void run(Buffer x, Buffer residual, Buffer weight, Buffer sum, Buffer out, long rows, long cols, float eps) {
    this.residual = residual.segment();
    this.sum = sum.segment();
    start(x, weight, out, rows, cols, eps);
  }

  private void start(Buffer x, Buffer weight, Buffer out, long rows, long cols, float eps) {
    this.x = x.segment();
    this.weight = weight.segment();
    this.out = out.segment();
    this.rows = rows;
    this.cols = cols;
    this.eps = eps;
    context.run(this, rows * cols * 12);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(rows, part + 1, parts);
    for (long r = CpuContext.start(rows, part, parts); r < end; r++) {
      row(trees.of(part), r * cols);
    }
  }

  private void row(FixedTree tree, long at) {
    tree.reset(0.0f);
    for (long i = 0; i < cols; i++) {
      float v = value(at + i);
      tree.mad(i, v, v);
    }
    float scale = PortableMath.rsqrt(tree.sum() * PortableMath.recip((float) cols) + eps);
    for (long i = 0; i < cols; i++) {
      float v = value(at + i);
      if (sum != null) {
        Elements.store(type, sum, at + i, v);
      }
      Elements.store(type, out, at + i, v * scale * Elements.load(type, weight, i));
    }
  }

  private float value(long i) {
    float v = Elements.load(type, x, i);
    return residual == null ? v : v + Elements.load(type, residual, i);
  }
}
