package io.gllm.kernels.api;

/** The device stopped working; its buffers and queues are gone. */
public final class DeviceLostException extends KernelException {
  private static final long serialVersionUID = 1L;

  /** With the driver's words. */
  public DeviceLostException(String message) {
    super(message);
  }
}
