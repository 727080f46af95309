package io.gllm.kernels.rocm.gcn;

/** What a kernel does that no kernel may do, or what the machine does not know. */
public final class GcnFault extends RuntimeException {
  private static final long serialVersionUID = 1;

  public GcnFault(String message) {
    super(message);
  }
}
