package io.gllm.kernels.api.spi;

import java.lang.foreign.MemorySegment;

/** One allocation on a device, or host memory of the caller. */
public abstract class DeviceMemory implements AutoCloseable {
  /** For subclasses. */
  protected DeviceMemory() {}

  /** The owning device; null for host memory of the caller. */
  public abstract Device device();

  /** Size in bytes. */
  public abstract long byteSize();

  /** Address of the first byte as kernels take it. */
  public abstract long address();

  /** The bytes as host memory, or null if the host cannot see them. */
  public abstract MemorySegment segment();

  /** Whether kernels must not write it though it has no {@link #segment}, as host memory that is mapped for reading. */
  public boolean isReadOnly() {
    return false;
  }

  /** Whether the memory is still there. */
  public abstract boolean isOpen();

  /** Frees the memory once no kernel uses it. Closing twice is harmless. */
  @Override
  public abstract void close();
}
