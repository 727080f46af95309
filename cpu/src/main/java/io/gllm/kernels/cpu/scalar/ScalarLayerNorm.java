package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Layer normalisation with the variance in a second pass. */
final class ScalarLayerNorm implements LayerNorm.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private final RowTrees trees;
  private MemorySegment x;
  private MemorySegment gamma;
  private MemorySegment beta;
  private MemorySegment out;
  private long rows;
  private long cols;
  private float eps;

  ScalarLayerNorm(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
    this.trees = new RowTrees(context);
  }

  @Override
  public void run(Buffer x, Buffer gamma, Buffer beta, Buffer out, long rows, long cols, float eps) {
    this.x = x.segment();
    this.gamma = gamma.segment();
    this.beta = beta.segment();
    this.out = out.segment();
    this.rows = rows;
    this.cols = cols;
    this.eps = eps;
    context.run(this, rows * cols * 16);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(rows, part + 1, parts);
    for (long r = CpuContext.start(rows, part, parts); r < end; r++) {
      row(trees.of(part), r * cols);
    }
  }

  private void row(FixedTree tree, long at) {
    float inverse = PortableMath.recip((float) cols);
    tree.reset(0.0f);
    for (long i = 0; i < cols; i++) {
      tree.add(i, Elements.load(type, x, at + i));
    }
    float mean = tree.sum() * inverse;
    tree.reset(0.0f);
    for (long i = 0; i < cols; i++) {
      float d = Elements.load(type, x, at + i) - mean;
      tree.mad(i, d, d);
    }
    float scale = PortableMath.rsqrt(tree.sum() * inverse + eps);
    for (long i = 0; i < cols; i++) {
      float v = (Elements.load(type, x, at + i) - mean) * scale;
      Elements.store(type, out, at + i, PortableMath.mad(v, Elements.load(type, gamma, i), Elements.load(type, beta, i)));
    }
  }
}
