package io.gllm.kernels.api;

/** A device could not provide memory. */
public final class DeviceMemoryException extends KernelException {
  private static final long serialVersionUID = 1L;

  private final long requested;
  private final long free;
  private final long total;

  /** Bytes requested, and bytes free and in total on the device; -1 where the device does not tell. */
  public DeviceMemoryException(long requested, long free, long total, Throwable cause) {
    super("cannot allocate " + requested + " bytes (free " + free + ", total " + total + ")", cause);
    this.requested = requested;
    this.free = free;
    this.total = total;
  }

  /** Bytes requested. */
  public long requested() {
    return requested;
  }

  /** Bytes free, or -1. */
  public long free() {
    return free;
  }

  /** Bytes in total, or -1. */
  public long total() {
    return total;
  }
}
