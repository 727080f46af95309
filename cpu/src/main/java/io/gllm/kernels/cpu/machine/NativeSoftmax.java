package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Softmax of rows. */
final class NativeSoftmax implements Softmax.Kernel, ThreadTeam.Task {
  /** STREAMS of map.h. */
  private static final int STREAMS = 4;

  private final CpuContext context;
  private final MemorySegment cached;
  private final MemorySegment streamed;
  private final NativeKernels kernels;
  private final long size;
  private Buffer x;
  private Buffer mask;
  private Buffer out;
  private long rows;
  private long cols;
  private float scale;
  private boolean streams;
  private MemorySegment scratch;

  NativeSoftmax(NativeKernels kernels, CpuContext context, ElementType type) {
    this.context = context;
    this.cached = kernels.entry("softmax", type, "ppppllf>v");
    this.streamed = type == DType.F32 ? kernels.stream("softmax", "pppllf>v") : null;
    this.kernels = kernels;
    this.size = type.blockBytes();
  }

  @Override
  public void run(Buffer x, Buffer mask, Buffer out, long rows, long cols, float scale) {
    this.x = x;
    this.mask = mask;
    this.out = out;
    this.rows = rows;
    this.cols = cols;
    this.scale = scale;
    this.streams = mask == null && streamed != null && kernels.streamsRows(rows, cols);
    long buffers = streams || size != Float.BYTES ? Math.min(rows, context.team().size()) : 0;
    this.scratch = context.scratch().require(buffers * partBytes());
    context.run(this, NativeKernels.work(rows * cols * 2 * size));
  }

  /** Exponentials of a row, or of the rows that streams take together, in whole cache lines; f32 that stays in the cache needs none. */
  private long partBytes() {
    return (cols * 4 + 63) / 64 * 64 * (streams ? Math.min(STREAMS, rows) : 1);
  }

  @Override
  public void run(int part, int parts) {
    long from = CpuContext.start(rows, part, parts);
    long count = CpuContext.start(rows, part + 1, parts) - from;
    long skip = from * cols;
    boolean brief = count * cols * 2 * size <= NativeCall.BRIEF_BYTES;
    long row = scratch.address() + part * partBytes();
    if (streams) {
      NativeCall.run(streamed, brief, x.address() + skip * size, out.address() + skip * size, row, count, cols, scale);
    } else {
      long hidden = mask == null ? 0 : mask.address() + skip * 4;
      NativeCall.run(cached, brief, x.address() + skip * size, hidden, out.address() + skip * size, row, count, cols, scale);
    }
  }
}
