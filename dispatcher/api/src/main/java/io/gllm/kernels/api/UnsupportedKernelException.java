package io.gllm.kernels.api;

/** The operator has no kernel for these element types. */
public final class UnsupportedKernelException extends KernelException {
  private static final long serialVersionUID = 1L;

  /** For operator {@code op} and element type {@code type} on {@code device}. */
  public UnsupportedKernelException(String op, ElementType type, String device) {
    super(op + " has no kernel for " + type.label() + " on " + device);
  }
}
