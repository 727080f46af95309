package io.gllm.kernels.api;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.MemorySegment;

/** Host memory that belongs to the caller. */
final class HostMemory extends DeviceMemory {
  private final MemorySegment segment;

  HostMemory(MemorySegment segment) {
    this.segment = segment;
  }

  @Override
  public Device device() {
    return null;
  }

  @Override
  public long byteSize() {
    return segment.byteSize();
  }

  @Override
  public long address() {
    return segment.address();
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public boolean isOpen() {
    return segment.scope().isAlive();
  }

  @Override
  public void close() {
    throw new IllegalStateException("wrapped memory belongs to the caller");
  }
}
