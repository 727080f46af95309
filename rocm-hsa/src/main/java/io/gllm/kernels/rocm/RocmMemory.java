package io.gllm.kernels.rocm;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/** Memory that kernels see: on the device, or shared with the host. */
final class RocmMemory extends DeviceMemory {
  private final RocmDevice device;
  private final long address;
  private final long bytes;
  private final AtomicBoolean open = new AtomicBoolean(true);

  RocmMemory(RocmDevice device, long address, long bytes) {
    this.device = device;
    this.address = address;
    this.bytes = bytes;
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public long byteSize() {
    return bytes;
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

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      device.release(this);
    }
  }
}
