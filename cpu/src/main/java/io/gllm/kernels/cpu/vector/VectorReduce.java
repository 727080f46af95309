package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** vec_dot, vec_sum, vec_sum_squares and vec_max in the order of the scalar tier: segments of 16384 by the tree, then their results. */
final class VectorReduce implements ReduceOp.Kernel, VecDot.Kernel, ThreadTeam.Task {
  /** What is reduced. */
  enum Kind {
    DOT, SUM, SUM_SQUARES, MAX
  }

  private static final int SEGMENT = 16384;
  /** Elements that are widened at a time: two operands of 16 KB. */
  private static final int BLOCK = 4096;
  private static final long WORKSPACE = 2L * 4 * BLOCK;

  private final CpuContext context;
  private final ElementType type;
  private final Kind kind;
  private final LaneTree[] trees;
  private MemorySegment scratch;
  private MemorySegment a;
  private MemorySegment b;
  private long partials;
  private long n;

  VectorReduce(CpuContext context, ElementType type, Kind kind) {
    this.context = context;
    this.type = type;
    this.kind = kind;
    this.trees = LaneTree.forTeam(context.team().size());
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    run(x, x, out, n);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer out, long n) {
    this.a = a.segment();
    this.b = b.segment();
    this.n = n;
    int segments = Math.toIntExact((n + SEGMENT - 1) / SEGMENT);
    int padded = LaneTree.padded(segments);
    partials = WORKSPACE * context.team().size();
    scratch = context.scratch().require(partials + 4L * padded);
    context.run(this, n * 8);
    Conversion.fill(scratch, partials, segments, padded, identity());
    LaneTree tree = trees[0];
    tree.reset(identity());
    if (kind == Kind.MAX) {
      tree.take(scratch, partials, padded / LaneTree.LANES);
    } else {
      tree.add(scratch, partials, padded / LaneTree.LANES);
    }
    out.segment().set(Lanes.FLOAT, 0, result(tree));
  }

  private float identity() {
    return kind == Kind.MAX ? Float.NEGATIVE_INFINITY : 0.0f;
  }

  private float result(LaneTree tree) {
    return kind == Kind.MAX ? tree.max() : tree.sum();
  }

  @Override
  public void run(int part, int parts) {
    long segments = (n + SEGMENT - 1) / SEGMENT;
    long end = CpuContext.start(segments, part + 1, parts);
    for (long s = CpuContext.start(segments, part, parts); s < end; s++) {
      float v = segment(trees[part], s * SEGMENT, (int) Math.min(SEGMENT, n - s * SEGMENT), WORKSPACE * part);
      scratch.set(Lanes.FLOAT, partials + 4 * s, v);
    }
  }

  private float segment(LaneTree tree, long from, int count, long workspace) {
    tree.reset(identity());
    int done = 0;
    if (type == DType.F32) {
      done = count & -LaneTree.LANES;
      reduce(tree, a, 4 * from, b, 4 * from, done / LaneTree.LANES);
    }
    for (; done < count; done += BLOCK) {
      int block = Math.min(BLOCK, count - done);
      int padded = LaneTree.padded(block);
      load(a, from + done, block, padded, workspace);
      if (kind == Kind.DOT) {
        load(b, from + done, block, padded, workspace + 4L * BLOCK);
      }
      reduce(tree, scratch, workspace, scratch, workspace + 4L * BLOCK, padded / LaneTree.LANES);
    }
    return result(tree);
  }

  private void load(MemorySegment x, long from, int count, int padded, long to) {
    Conversion.widen(type, x, from, count, scratch, to);
    Conversion.fill(scratch, to, count, padded, identity());
  }

  private void reduce(LaneTree tree, MemorySegment x, long xAt, MemorySegment y, long yAt, int groups) {
    switch (kind) {
      case DOT -> tree.addProducts(x, xAt, y, yAt, groups);
      case SUM -> tree.add(x, xAt, groups);
      case SUM_SQUARES -> tree.addProducts(x, xAt, x, xAt, groups);
      case MAX -> tree.take(x, xAt, groups);
    }
  }
}
