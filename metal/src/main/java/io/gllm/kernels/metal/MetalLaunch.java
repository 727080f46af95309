package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A kernel with its arguments: buffers at indexes 0, 1, ... and one structure of all 32-bit values at the next. */
final class MetalLaunch extends Launch {
  private final MetalDevice device;
  private final MetalQueue queue;
  private final long[] buffers;
  private final long[] offsets;
  private final MemorySegment values;
  private final MemorySegment groups;
  private final MemorySegment threads;
  private long pipeline;

  MetalLaunch(MetalDevice device, MetalQueue queue, KernelInterface kernel, Arena arena) {
    super(kernel);
    this.device = device;
    this.queue = queue;
    this.buffers = new long[kernel.buffers().size()];
    this.offsets = new long[buffers.length];
    this.values = arena.allocate(JAVA_INT, Math.max(1, kernel.parameters().size())); // Metal takes no empty structure
    this.groups = arena.allocate(MetalCalls.SIZE);
    this.threads = arena.allocate(MetalCalls.SIZE);
    size(threads, kernel.threads(), 1, 1);
  }

  private static void size(MemorySegment size, long x, long y, long z) {
    size.setAtIndex(JAVA_LONG, 0, x);
    size.setAtIndex(JAVA_LONG, 1, y);
    size.setAtIndex(JAVA_LONG, 2, z);
  }

  @Override
  protected void bind(int index, DeviceMemory memory, long offset, long bytes) {
    if (memory.device() != device) {
      throw new IllegalArgumentException("buffer " + index + " of " + kernel().symbol() + " is not on " + device.info().name());
    }
    if (!memory.isOpen()) {
      throw new IllegalStateException("buffer " + index + " of " + kernel().symbol() + " is closed");
    }
    if (index >= buffers.length) {
      throw new KernelException(kernel().symbol() + " has " + buffers.length + " buffers");
    }
    if (offset < 0 || offset > memory.byteSize() + MetalDevice.PADDING - bytes) {
      throw new KernelException(
          "buffer " + index + " of " + kernel().symbol() + ": " + bytes + " bytes at " + offset + " leave " + memory.byteSize());
    }
    buffers[index] = ((MetalMemory) memory).buffer();
    offsets[index] = offset;
  }

  @Override
  protected void set(int index, int bits) {
    values.setAtIndex(JAVA_INT, index, bits);
  }

  @Override
  protected void run(int x, int y, int z) {
    if (pipeline == 0) {
      pipeline = device.modules().pipeline(kernel());
    }
    size(groups, x, y, z);
    queue.launch(this);
  }

  /** Writes the launch into a command buffer. */
  void encode(MetalCalls calls, long encoder) {
    calls.setPipeline(encoder, pipeline);
    for (int i = 0; i < buffers.length; i++) {
      calls.setBuffer(encoder, buffers[i], offsets[i], i);
    }
    calls.setBytes(encoder, values.address(), values.byteSize(), buffers.length);
    calls.dispatch(encoder, groups, threads);
  }
}
