package io.gllm.kernels.api;

import io.gllm.kernels.api.spi.Rejection;

/** A backend that was asked for by name cannot be used on this machine. */
public final class BackendUnavailableException extends KernelException {
  private static final long serialVersionUID = 1L;

  private final transient Rejection rejection;

  /** For {@code backend}, with what was seen and what to do. */
  public BackendUnavailableException(String backend, Rejection rejection) {
    super("backend '" + backend + "' is not available: " + rejection.seen() + "; " + rejection.fix());
    this.rejection = rejection;
  }

  /** Why, and what to do; null after deserialisation. */
  public Rejection rejection() {
    return rejection;
  }
}
