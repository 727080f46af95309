package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/**
 * vec_dot, vec_sum, vec_sum_squares and vec_max. Segments of 16384 elements are each reduced by the fixed tree, and their results
 * once more by the fixed tree: one launch for each level on a GPU.
 */
final class ScalarReduce implements ReduceOp.Kernel, VecDot.Kernel, ThreadTeam.Task {
  static final long SEGMENT = 16384;

  /** What is reduced. */
  enum Kind {
    DOT, SUM, SUM_SQUARES, MAX
  }

  private final CpuContext context;
  private final ElementType type;
  private final Kind kind;
  private final RowTrees trees;
  private MemorySegment a;
  private MemorySegment b;
  private MemorySegment partial;
  private long n;

  ScalarReduce(CpuContext context, ElementType type, Kind kind) {
    this.context = context;
    this.type = type;
    this.kind = kind;
    this.trees = new RowTrees(context);
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
    long segments = (n + SEGMENT - 1) / SEGMENT;
    partial = context.scratch().require(segments * 4);
    context.run(this, n * 8);
    Elements.f32(out.segment(), 0, combine(segments));
  }

  private float combine(long segments) {
    FixedTree tree = trees.of(0);
    tree.reset(identity());
    for (long s = 0; s < segments; s++) {
      float v = Elements.f32(partial, s);
      if (kind == Kind.MAX) {
        tree.max(s, v);
      } else {
        tree.add(s, v);
      }
    }
    return kind == Kind.MAX ? tree.max() : tree.sum();
  }

  private float identity() {
    return kind == Kind.MAX ? Float.NEGATIVE_INFINITY : 0.0f;
  }

  @Override
  public void run(int part, int parts) {
    long segments = (n + SEGMENT - 1) / SEGMENT;
    long end = CpuContext.start(segments, part + 1, parts);
    for (long s = CpuContext.start(segments, part, parts); s < end; s++) {
      Elements.f32(partial, s, reduce(trees.of(part), s * SEGMENT, Math.min(SEGMENT, n - s * SEGMENT)));
    }
  }

  private float reduce(FixedTree tree, long from, long count) {
    tree.reset(identity());
    for (long i = 0; i < count; i++) {
      float x = Elements.load(type, a, from + i);
      switch (kind) {
        case DOT -> tree.mad(i, x, Elements.load(type, b, from + i));
        case SUM -> tree.add(i, x);
        case SUM_SQUARES -> tree.mad(i, x, x);
        case MAX -> tree.max(i, x);
      }
    }
    return kind == Kind.MAX ? tree.max() : tree.sum();
  }
}
