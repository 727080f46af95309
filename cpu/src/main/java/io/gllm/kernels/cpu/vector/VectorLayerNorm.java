package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.PortableMath;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Layer normalisation, each row in a zero-padded f32 copy that becomes x - mean; gamma and beta are widened once for each thread. */
final class VectorLayerNorm implements LayerNorm.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private final LaneTree[] trees;
  private MemorySegment scratch;
  private MemorySegment x;
  private MemorySegment gamma;
  private MemorySegment beta;
  private MemorySegment out;
  private long rows;
  private int cols;
  private float eps;

  VectorLayerNorm(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
    this.trees = LaneTree.forTeam(context.team().size());
  }

  @Override
  public void run(Buffer x, Buffer gamma, Buffer beta, Buffer out, long rows, long cols, float eps) {
    this.x = x.segment();
    this.gamma = gamma.segment();
    this.beta = beta.segment();
    this.out = out.segment();
    this.rows = rows;
    this.cols = Math.toIntExact(cols);
    this.eps = eps;
    scratch = context.scratch().require(3 * rowBytes() * context.team().size());
    context.run(this, rows * cols * 16);
  }

  private long rowBytes() {
    return 4L * LaneTree.padded(cols);
  }

  @Override
  public void run(int part, int parts) {
    long gammas = 3 * rowBytes() * part;
    long betas = gammas + rowBytes();
    Conversion.widen(type, gamma, 0, cols, scratch, gammas);
    Conversion.widen(type, beta, 0, cols, scratch, betas);
    long end = CpuContext.start(rows, part + 1, parts);
    for (long r = CpuContext.start(rows, part, parts); r < end; r++) {
      row(trees[part], r * cols, betas + rowBytes(), gammas, betas);
    }
  }

  private void row(LaneTree tree, long from, long row, long gammas, long betas) {
    int padded = LaneTree.padded(cols);
    int groups = padded / LaneTree.LANES;
    float inverse = PortableMath.recip((float) cols);
    Conversion.widen(type, x, from, cols, scratch, row);
    Conversion.fill(scratch, row, cols, padded, 0.0f);
    tree.reset(0.0f);
    tree.add(scratch, row, groups);
    ElementLoops.subtract(scratch, row, tree.sum() * inverse, scratch, row, Lanes.padded(cols));
    Conversion.fill(scratch, row, cols, padded, 0.0f);
    tree.reset(0.0f);
    tree.addProducts(scratch, row, scratch, row, groups);
    normalise(row, PortableMath.rsqrt(tree.sum() * inverse + eps), gammas, betas);
    Conversion.narrow(type, scratch, row, cols, out, from);
  }

  private void normalise(long row, float scale, long gammas, long betas) {
    for (int i = 0; i < Lanes.padded(cols); i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, scratch, row + 4L * i, LE).mul(scale);
      v.mul(FloatVector.fromMemorySegment(FLOATS, scratch, gammas + 4L * i, LE))
          .add(FloatVector.fromMemorySegment(FLOATS, scratch, betas + 4L * i, LE)).intoMemorySegment(scratch, row + 4L * i, LE);
    }
  }
}
