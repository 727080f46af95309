package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Softmax of rows: largest element, sum of exponentials and division, each over the row in the order of the fixed tree. */
final class ScalarSoftmax implements Softmax.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private final RowTrees trees;
  private MemorySegment x;
  private MemorySegment mask;
  private MemorySegment out;
  private long rows;
  private long cols;
  private float scale;

  ScalarSoftmax(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
    this.trees = new RowTrees(context);
  }

  @Override
  public void run(Buffer x, Buffer mask, Buffer out, long rows, long cols, float scale) {
    this.x = x.segment();
    this.mask = mask == null ? null : mask.segment();
    this.out = out.segment();
    this.rows = rows;
    this.cols = cols;
    this.scale = scale;
    context.run(this, rows * cols * 32);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(rows, part + 1, parts);
    for (long r = CpuContext.start(rows, part, parts); r < end; r++) {
      row(trees.of(part), r * cols);
    }
  }

  private void row(FixedTree tree, long at) {
    tree.reset(Float.NEGATIVE_INFINITY);
    for (long i = 0; i < cols; i++) {
      tree.max(i, scaled(at + i));
    }
    float top = tree.max();
    float base = top == Float.NEGATIVE_INFINITY ? 0.0f : top;
    tree.reset(0.0f);
    for (long i = 0; i < cols; i++) {
      tree.add(i, PortableMath.exp(scaled(at + i) - base));
    }
    float sum = tree.sum();
    float inverse = sum == 0.0f ? 0.0f : PortableMath.recip(sum);
    for (long i = 0; i < cols; i++) {
      Elements.store(type, out, at + i, PortableMath.exp(scaled(at + i) - base) * inverse);
    }
  }

  private float scaled(long i) {
    float v = Elements.load(type, x, i) * scale;
    return mask == null ? v : v + Elements.f32(mask, i);
  }
}
