package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.PortableMath;
import java.lang.foreign.MemorySegment;

/** Softmax of rows, each in a padded f32 copy; padding is -inf, whose exponential is 0. */
final class VectorSoftmax implements Softmax.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private final LaneTree[] trees;
  private MemorySegment scratch;
  private MemorySegment x;
  private MemorySegment mask;
  private MemorySegment out;
  private long rows;
  private int cols;
  private float scale;

  VectorSoftmax(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
    this.trees = LaneTree.forTeam(context.team().size());
  }

  @Override
  public void run(Buffer x, Buffer mask, Buffer out, long rows, long cols, float scale) {
    this.x = x.segment();
    this.mask = mask == null ? null : mask.segment();
    this.out = out.segment();
    this.rows = rows;
    this.cols = Math.toIntExact(cols);
    this.scale = scale;
    scratch = context.scratch().require(2 * rowBytes() * context.team().size());
    context.run(this, rows * cols * 32);
  }

  private long rowBytes() {
    return 4L * LaneTree.padded(cols);
  }

  @Override
  public void run(int part, int parts) {
    long end = CpuContext.start(rows, part + 1, parts);
    for (long r = CpuContext.start(rows, part, parts); r < end; r++) {
      row(trees[part], r * cols, 2 * rowBytes() * part);
    }
  }

  private void row(LaneTree tree, long from, long row) {
    int vectors = Lanes.padded(cols);
    int padded = LaneTree.padded(cols);
    int groups = padded / LaneTree.LANES;
    load(from, row);
    Conversion.fill(scratch, row, cols, padded, Float.NEGATIVE_INFINITY);
    tree.reset(Float.NEGATIVE_INFINITY);
    tree.take(scratch, row, groups);
    float top = tree.max();
    ElementLoops.subtract(scratch, row, top == Float.NEGATIVE_INFINITY ? 0.0f : top, scratch, row, padded);
    Functions.exp(scratch, row, scratch, row, padded);
    tree.reset(0.0f);
    tree.add(scratch, row, groups);
    float sum = tree.sum();
    float inverse = sum == 0.0f ? 0.0f : PortableMath.recip(sum);
    ElementLoops.scale(scratch, row, inverse, scratch, row, vectors);
    Conversion.narrow(type, scratch, row, cols, out, from);
  }

  private void load(long from, long row) {
    int vectors = Lanes.padded(cols);
    Conversion.widen(type, x, from, cols, scratch, row);
    ElementLoops.scale(scratch, row, scale, scratch, row, vectors);
    if (mask != null) {
      Conversion.widen(DType.F32, mask, from, cols, scratch, row + rowBytes());
      ElementLoops.add(scratch, row, scratch, row + rowBytes(), scratch, row, vectors);
    }
  }
}
