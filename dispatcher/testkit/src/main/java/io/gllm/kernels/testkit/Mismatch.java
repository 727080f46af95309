package io.gllm.kernels.testkit;

/** A device broke the contract of an operator. */
public final class Mismatch extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what was seen and what was expected. */
  public Mismatch(String message) {
    super(message);
  }
}
