package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/** A part of a block. Its address is a number that only tells allocations of one device apart; kernels get buffers and offsets. */
final class VulkanMemory extends DeviceMemory {
  private final VulkanDevice device;
  private final Block block;
  private final long offset;
  private final long size;
  private final long address;
  private final AtomicBoolean open = new AtomicBoolean(true);

  VulkanMemory(VulkanDevice device, Block block, long offset, long size, long address) {
    this.device = device;
    this.block = block;
    this.offset = offset;
    this.size = size;
    this.address = address;
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public long byteSize() {
    return size;
  }

  @Override
  public long address() {
    return address;
  }

  @Override
  public MemorySegment segment() {
    return null;
  }

  @Override
  public boolean isOpen() {
    return open.get();
  }

  Block block() {
    return block;
  }

  /** Where it starts in its block. */
  long offset() {
    return offset;
  }

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      device.release(this);
    }
  }
}
