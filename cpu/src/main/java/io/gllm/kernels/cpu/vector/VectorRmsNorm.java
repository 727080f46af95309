package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.PortableMath;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** rms_norm and rms_norm_residual, each row in a zero-padded f32 copy; the weights are widened once for each thread. */
final class VectorRmsNorm implements RmsNorm.Kernel, RmsNorm.Residual, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private final LaneTree[] trees;
  private MemorySegment scratch;
  private MemorySegment x;
  private MemorySegment residual;
  private MemorySegment weight;
  private MemorySegment sum;
  private MemorySegment out;
  private long rows;
  private int cols;
  private float eps;

  VectorRmsNorm(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
    this.trees = LaneTree.forTeam(context.team().size());
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
    this.cols = Math.toIntExact(cols);
    this.eps = eps;
    scratch = context.scratch().require(3 * rowBytes() * context.team().size());
    context.run(this, rows * cols * 12);
  }

  private long rowBytes() {
    return 4L * LaneTree.padded(cols);
  }

  @Override
  public void run(int part, int parts) {
    long weights = 3 * rowBytes() * part;
    Conversion.widen(type, weight, 0, cols, scratch, weights);
    long end = CpuContext.start(rows, part + 1, parts);
    for (long r = CpuContext.start(rows, part, parts); r < end; r++) {
      row(trees[part], r * cols, weights + rowBytes(), weights);
    }
  }

  private void row(LaneTree tree, long from, long row, long weights) {
    int vectors = Lanes.padded(cols);
    int padded = LaneTree.padded(cols);
    Conversion.widen(type, x, from, cols, scratch, row);
    if (residual != null) {
      Conversion.widen(type, residual, from, cols, scratch, row + rowBytes());
      ElementLoops.add(scratch, row, scratch, row + rowBytes(), scratch, row, vectors);
      Conversion.narrow(type, scratch, row, cols, sum, from);
    }
    Conversion.fill(scratch, row, cols, padded, 0.0f);
    tree.reset(0.0f);
    tree.addProducts(scratch, row, scratch, row, padded / LaneTree.LANES);
    float scale = PortableMath.rsqrt(tree.sum() * PortableMath.recip((float) cols) + eps);
    for (int i = 0; i < vectors; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, scratch, row + 4L * i, LE).mul(scale)
          .mul(FloatVector.fromMemorySegment(FLOATS, scratch, weights + 4L * i, LE));
      v.intoMemorySegment(scratch, row + 4L * i, LE);
    }
    Conversion.narrow(type, scratch, row, cols, out, from);
  }
}
