package io.gllm.kernels.bench;

/** A foreign library that is not installed, or not in a form that can be used; says which and why. */
final class PeerMissing extends Exception {
  private static final long serialVersionUID = 1;

  PeerMissing(String reason) {
    super(reason);
  }
}
