package io.gllm.kernels.api;

/** Something went wrong that is not misuse of the API; misuse is an {@link IllegalArgumentException} or {@link IllegalStateException}. */
public class KernelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message. */
  public KernelException(String message) {
    super(message);
  }

  /** With a message and a cause. */
  public KernelException(String message, Throwable cause) {
    super(message, cause);
  }
}
