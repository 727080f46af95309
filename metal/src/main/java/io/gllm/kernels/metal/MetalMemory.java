package io.gllm.kernels.metal;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A buffer of Metal. The processor sees its bytes too, but only {@link MetalQueue} knows when no kernel uses them, so they are not
 * offered as host memory.
 */
final class MetalMemory extends DeviceMemory {
  private final MetalDevice device;
  private final long buffer;
  private final MemorySegment contents;
  private final AtomicBoolean open = new AtomicBoolean(true);

  MetalMemory(MetalDevice device, long buffer, MemorySegment contents) {
    this.device = device;
    this.buffer = buffer;
    this.contents = contents;
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public long byteSize() {
    return contents.byteSize();
  }

  @Override
  public long address() {
    return contents.address();
  }

  @Override
  public MemorySegment segment() {
    return null;
  }

  /** The bytes, for a thread that has waited for the queue and knows the memory to be open. */
  MemorySegment contents() {
    return contents;
  }

  /** The object of Metal. */
  long buffer() {
    return buffer;
  }

  @Override
  public boolean isOpen() {
    return open.get();
  }

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      device.release(this);
    }
  }
}
