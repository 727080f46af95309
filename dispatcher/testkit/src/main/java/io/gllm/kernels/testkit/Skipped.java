package io.gllm.kernels.testkit;

/** A case cannot run on this machine, for a reason that is no fault of the device's kernels. */
public final class Skipped extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the reason. */
  public Skipped(String reason, Throwable cause) {
    super(reason, cause);
  }
}
