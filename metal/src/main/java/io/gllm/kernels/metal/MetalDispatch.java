package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A kernel with its arguments: buffers at indexes 0, 1, ... and one structure of all 32-bit values at the next. */
final class MetalDispatch {
  final long[] buffers;
  final long[] offsets;
  final MemorySegment values;
  private final MemorySegment groups;
  private final MemorySegment threads;
  private long pipeline;

  private MetalDispatch(long[] buffers, long[] offsets, MemorySegment values, MemorySegment groups, MemorySegment threads) {
    this.buffers = buffers;
    this.offsets = offsets;
    this.values = values;
    this.groups = groups;
    this.threads = threads;
  }

  /** Room for arguments; Metal takes no empty structure. */
  static MetalDispatch of(int buffers, int values, int threads, Arena arena) {
    MetalDispatch dispatch = new MetalDispatch(new long[buffers], new long[buffers], arena.allocate(JAVA_INT, Math.max(1, values)),
        arena.allocate(MetalCalls.SIZE), arena.allocate(MetalCalls.SIZE));
    size(dispatch.threads, threads, 1, 1);
    return dispatch;
  }

  private static void size(MemorySegment size, long x, long y, long z) {
    size.setAtIndex(JAVA_LONG, 0, x);
    size.setAtIndex(JAVA_LONG, 1, y);
    size.setAtIndex(JAVA_LONG, 2, z);
  }

  MetalDispatch of(long pipeline, int x, int y, int z) {
    this.pipeline = pipeline;
    size(groups, x, y, z);
    return this;
  }

  /** The same with everything as it is now. */
  MetalDispatch copy(Arena arena) {
    MetalDispatch copy = new MetalDispatch(buffers.clone(), offsets.clone(),
        arena.allocate(values.byteSize(), Integer.BYTES).copyFrom(values),
        arena.allocate(MetalCalls.SIZE).copyFrom(groups), arena.allocate(MetalCalls.SIZE).copyFrom(threads));
    copy.pipeline = pipeline;
    return copy;
  }

  /**
   * Writes the dispatch into a command buffer.
   *
   * @param before the dispatch that was the last one of the encoder, whose arguments still stand; null if that is not known
   */
  void encode(MetalCalls calls, long encoder, MetalDispatch before) {
    if (before == null || before.pipeline != pipeline) {
      calls.setPipeline(encoder, pipeline);
    }
    for (int i = 0; i < buffers.length; i++) {
      if (before == null || i >= before.buffers.length || before.buffers[i] != buffers[i] || before.offsets[i] != offsets[i]) {
        calls.setBuffer(encoder, buffers[i], offsets[i], i);
      }
    }
    calls.setBytes(encoder, values.address(), values.byteSize(), buffers.length);
    calls.dispatch(encoder, groups, threads);
  }
}
