package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.Arena;

/** A kernel whose arguments are set one by one. */
final class MetalLaunch extends Launch {
  private final MetalDevice device;
  private final MetalQueue queue;
  private final MetalDispatch dispatch;
  private long pipeline;

  MetalLaunch(MetalDevice device, MetalQueue queue, KernelInterface kernel, Arena arena) {
    super(kernel);
    this.device = device;
    this.queue = queue;
    this.dispatch = MetalDispatch.of(kernel.buffers().size(), kernel.parameters().size(), kernel.threads(), arena);
  }

  @Override
  protected void bind(int index, DeviceMemory memory, long offset, long bytes) {
    if (memory.device() != device) {
      throw new IllegalArgumentException("buffer " + index + " of " + kernel().symbol() + " is not on " + device.info().name());
    }
    if (!memory.isOpen()) {
      throw new IllegalStateException("buffer " + index + " of " + kernel().symbol() + " is closed");
    }
    if (index >= dispatch.buffers.length) {
      throw new KernelException(kernel().symbol() + " has " + dispatch.buffers.length + " buffers");
    }
    if (offset < 0 || offset > memory.byteSize() + MetalDevice.PADDING - bytes) {
      throw new KernelException(
          "buffer " + index + " of " + kernel().symbol() + ": " + bytes + " bytes at " + offset + " leave " + memory.byteSize());
    }
    MetalMemory bound = (MetalMemory) memory;
    dispatch.buffers[index] = bound.buffer();
    dispatch.offsets[index] = bound.offset() + offset;
  }

  @Override
  protected void set(int index, int bits) {
    dispatch.values.setAtIndex(JAVA_INT, index, bits);
  }

  @Override
  protected void run(int x, int y, int z) {
    if (pipeline == 0) {
      pipeline = device.modules().pipeline(kernel());
    }
    queue.launch(dispatch.of(pipeline, x, y, z));
  }
}
