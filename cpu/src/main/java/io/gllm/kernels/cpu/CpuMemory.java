package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/** Off-heap memory of the CPU device. */
final class CpuMemory extends DeviceMemory {
  private final CpuDevice device;
  private final Arena arena;
  private final MemorySegment segment;
  private final AtomicBoolean open = new AtomicBoolean(true);

  CpuMemory(CpuDevice device, Arena arena, MemorySegment segment) {
    this.device = device;
    this.arena = arena;
    this.segment = segment;
  }

  @Override
  public Device device() {
    return device;
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
    return open.get();
  }

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      device.release(this);
    }
  }

  void free() {
    open.set(false);
    arena.close();
  }
}
