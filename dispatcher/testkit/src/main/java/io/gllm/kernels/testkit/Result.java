package io.gllm.kernels.testkit;

/**
 * Outcome of a case.
 *
 * @param test the case
 * @param status whether it passed
 * @param detail why it failed or was skipped; empty if it passed
 * @param worst the largest error seen, as a fraction of the bound; 0 where results are exact
 * @param hash over all outputs of all calls, every NaN counted as the same: equal bits give equal hashes
 * @param nanos time taken
 */
public record Result(Case test, Status status, String detail, double worst, long hash, long nanos) {
  /** What became of a case. */
  public enum Status {
    /** Every property held. */
    PASSED,
    /** The device broke the contract. */
    FAILED,
    /** This machine cannot run the case. */
    SKIPPED
  }

  /** Whether the device broke the contract. */
  public boolean failed() {
    return status == Status.FAILED;
  }

  @Override
  public String toString() {
    return status + " " + test.title() + (detail.isEmpty() ? "" : ": " + detail);
  }
}
