package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.Elements;
import io.gllm.kernels.cpu.scalar.ScalarIndex;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/** Rotates pairs of elements in place: f32 where it lies, other types in an f32 copy of the rotated part of a head. */
final class VectorRope implements Rope.Kernel, Rope.WithPositions, ThreadTeam.Task {
  /** Lane i takes element i / 2 of the lower, or of the upper half of a vector. */
  private static final VectorShuffle<Float> LOWER_TWICE = VectorShuffle.fromOp(FLOATS, i -> i / 2);
  private static final VectorShuffle<Float> UPPER_TWICE = VectorShuffle.fromOp(FLOATS, i -> (i + Lanes.COUNT) / 2);
  /** -1 for the first element of a pair, 1 for the second. */
  private static final FloatVector SIGNS = FloatVector.broadcast(FLOATS, -1.0f).blend(1.0f, Lanes.ODD);

  private final CpuContext context;
  private final ElementType type;
  private MemorySegment scratch;
  private MemorySegment x;
  private MemorySegment positions;
  private MemorySegment cosines;
  private MemorySegment sines;
  private RopeShape shape;
  private long tokens;
  private long offset;

  VectorRope(CpuContext context, ElementType type) {
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
    scratch = context.scratch().require(headBytes() * context.team().size());
    context.run(this, tokens * shape.heads() * shape.rotaryDim() * 8);
  }

  private long headBytes() {
    return 4L * Lanes.padded(shape.rotaryDim());
  }

  @Override
  public void run(int part, int parts) {
    long heads = tokens * shape.heads();
    long end = CpuContext.start(heads, part + 1, parts);
    long workspace = headBytes() * part;
    for (long h = CpuContext.start(heads, part, parts); h < end; h++) {
      long token = h / shape.heads();
      long table = 4 * (positions == null ? offset + token : Elements.i32(positions, token)) * (shape.rotaryDim() / 2);
      long from = h * shape.headDim();
      if (type == DType.F32) {
        rotate(x, 4 * from, table);
      } else {
        Conversion.widen(type, x, from, shape.rotaryDim(), scratch, workspace);
        rotate(scratch, workspace, table);
        Conversion.narrow(type, scratch, workspace, shape.rotaryDim(), x, from);
      }
    }
  }

  private void rotate(MemorySegment s, long at, long table) {
    int pairs = shape.rotaryDim() / 2;
    boolean split = shape.layout() == RopeLayout.SPLIT_HALF;
    int done = Lanes.whole(pairs);
    if (split) {
      halves(s, at, at + 4L * pairs, table, done);
    } else {
      neighbours(s, at, table, done);
    }
    for (int j = done; j < pairs; j++) {
      long lower = at + (split ? 4L * j : 8L * j);
      pair(s, lower, lower + (split ? 4L * pairs : 4), table + 4L * j);
    }
  }

  /** Pairs (j, j + pairs). */
  private void halves(MemorySegment s, long lower, long upper, long table, int pairs) {
    for (int j = 0; j < pairs; j += Lanes.COUNT) {
      FloatVector c = FloatVector.fromMemorySegment(FLOATS, cosines, table + 4L * j, LE);
      FloatVector t = FloatVector.fromMemorySegment(FLOATS, sines, table + 4L * j, LE);
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, s, lower + 4L * j, LE);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, s, upper + 4L * j, LE);
      a.mul(c).sub(b.mul(t)).intoMemorySegment(s, lower + 4L * j, LE);
      a.mul(t).add(b.mul(c)).intoMemorySegment(s, upper + 4L * j, LE);
    }
  }

  /** Pairs (2j, 2j + 1): two vectors of elements for one of angles. */
  private void neighbours(MemorySegment s, long at, long table, int pairs) {
    for (int j = 0; j < pairs; j += Lanes.COUNT) {
      FloatVector c = FloatVector.fromMemorySegment(FLOATS, cosines, table + 4L * j, LE);
      FloatVector t = FloatVector.fromMemorySegment(FLOATS, sines, table + 4L * j, LE);
      long first = at + 8L * j;
      long second = first + 4L * Lanes.COUNT;
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, s, first, LE);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, s, second, LE);
      a.mul(c.rearrange(LOWER_TWICE)).add(a.rearrange(Lanes.SWAP_1).mul(t.rearrange(LOWER_TWICE)).mul(SIGNS))
          .intoMemorySegment(s, first, LE);
      b.mul(c.rearrange(UPPER_TWICE)).add(b.rearrange(Lanes.SWAP_1).mul(t.rearrange(UPPER_TWICE)).mul(SIGNS))
          .intoMemorySegment(s, second, LE);
    }
  }

  private void pair(MemorySegment s, long lower, long upper, long table) {
    float c = cosines.get(Lanes.FLOAT, table);
    float t = sines.get(Lanes.FLOAT, table);
    float a = s.get(Lanes.FLOAT, lower);
    float b = s.get(Lanes.FLOAT, upper);
    s.set(Lanes.FLOAT, lower, a * c - b * t);
    s.set(Lanes.FLOAT, upper, a * t + b * c);
  }
}
