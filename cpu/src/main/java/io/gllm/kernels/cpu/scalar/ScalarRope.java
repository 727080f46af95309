package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Rotates pairs of elements in place. */
final class ScalarRope implements Rope.Kernel, Rope.WithPositions, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private MemorySegment x;
  private MemorySegment positions;
  private MemorySegment cosines;
  private MemorySegment sines;
  private RopeShape shape;
  private long tokens;
  private long offset;

  ScalarRope(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
  }

  @Override
  public void run(Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape, long offset) {
    this.positions = null;
    this.offset = offset;
    start(x, cosines, sines, tokens, shape);
  }

  @Override
  public void run(Buffer x, Buffer positions, Buffer cosines, Buffer sines, long tokens, RopeShape shape) {
    long known = shape.rotaryDim() == 0 ? Long.MAX_VALUE : Math.min(cosines.length(), sines.length()) / (shape.rotaryDim() / 2);
    ScalarIndex.check("position", positions, tokens, known);
    this.positions = positions.segment();
    start(x, cosines, sines, tokens, shape);
  }

  private void start(Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape) {
    this.x = x.segment();
    this.cosines = cosines.segment();
    this.sines = sines.segment();
    this.tokens = tokens;
    this.shape = shape;
    context.run(this, tokens * shape.heads() * shape.rotaryDim() * 8);
  }

  @Override
  public void run(int part, int parts) {
    long heads = tokens * shape.heads();
    long end = CpuContext.start(heads, part + 1, parts);
    for (long h = CpuContext.start(heads, part, parts); h < end; h++) {
      long token = h / shape.heads();
      head(h * shape.headDim(), positions == null ? offset + token : Elements.i32(positions, token));
    }
  }

  private void head(long at, long position) {
    int pairs = shape.rotaryDim() / 2;
    boolean split = shape.layout() == RopeLayout.SPLIT_HALF;
    for (int j = 0; j < pairs; j++) {
      long lower = at + (split ? j : 2L * j);
      long upper = lower + (split ? pairs : 1);
      float c = Elements.f32(cosines, position * pairs + j);
      float s = Elements.f32(sines, position * pairs + j);
      float a = Elements.load(type, x, lower);
      float b = Elements.load(type, x, upper);
      Elements.store(type, x, lower, PortableMath.mad(a, c, -(b * s)));
      Elements.store(type, x, upper, PortableMath.mad(a, s, b * c));
    }
  }
}
