package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Rotates pairs of elements in place, token by token. */
final class NativeRope implements Rope.Kernel, Rope.WithPositions, ThreadTeam.Task {
  private static final String SIGNATURE = "ppppllll>v";

  private final CpuContext context;
  private final MemorySegment interleaved;
  private final MemorySegment split;
  private final long size;
  private Buffer x;
  private long positions;
  private Buffer cosines;
  private Buffer sines;
  private RopeShape shape;
  private long tokens;
  private long offset;

  NativeRope(NativeKernels kernels, CpuContext context, ElementType type) {
    this.context = context;
    this.interleaved = kernels.entry("rope_interleaved", type, SIGNATURE);
    this.split = kernels.entry("rope_split", type, SIGNATURE);
    this.size = type.blockBytes();
  }

  @Override
  public void run(Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape, long offset) {
    this.positions = 0;
    this.offset = offset;
    start(x, cosines, sines, tokens, shape);
  }

  @Override
  public void run(Buffer x, Buffer positions, Buffer cosines, Buffer sines, long tokens, RopeShape shape) {
    long known = shape.rotaryDim() == 0 ? Long.MAX_VALUE : Math.min(cosines.length(), sines.length()) / (shape.rotaryDim() / 2);
    this.positions = NativeIndices.checked(context, "position", positions, tokens, known);
    start(x, cosines, sines, tokens, shape);
  }

  private void start(Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape) {
    this.x = x;
    this.cosines = cosines;
    this.sines = sines;
    this.tokens = tokens;
    this.shape = shape;
    context.run(this, NativeKernels.work(tokens * tokenBytes() * 2));
  }

  private long tokenBytes() {
    return (long) shape.heads() * shape.headDim() * size;
  }

  @Override
  public void run(int part, int parts) {
    long from = CpuContext.start(tokens, part, parts);
    long count = CpuContext.start(tokens, part + 1, parts) - from;
    long rotary = shape.rotaryDim();
    long table = positions == 0 ? (offset + from) * (rotary / 2) * 4 : 0;
    long at = positions == 0 ? 0 : positions + from * 4;
    boolean brief = count * tokenBytes() * 2 <= NativeCall.BRIEF_BYTES;
    NativeCall.run(shape.layout() == RopeLayout.SPLIT_HALF ? split : interleaved, brief, x.address() + from * tokenBytes(), at,
        cosines.address() + table, sines.address() + table, count, shape.heads(), shape.headDim(), rotary);
  }
}
