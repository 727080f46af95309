package io.gllm.kernels.rocm;

import io.gllm.kernels.api.KernelException;

/** Frees several things even if freeing one of them fails, and then tells the first failure. */
final class Closing {
  private final HsaCalls calls;
  private final boolean told;
  private RuntimeException first;

  Closing(HsaCalls calls) {
    this.calls = calls;
    this.told = calls.isLost();
  }

  /** Runs one step. */
  void step(Runnable step) {
    try {
      step.run();
    } catch (KernelException e) {
      if (told || first != null && calls.isLost()) {
        return; // one failure tells that a device is lost
      }
      note(e);
    } catch (IndexOutOfBoundsException e) {
      note(e);
    }
  }

  private void note(RuntimeException e) {
    if (first == null) {
      first = e;
    } else {
      first.addSuppressed(e);
    }
  }

  /** Throws the first failure, if there was one. */
  void rethrow() {
    if (first != null) {
      throw first;
    }
  }
}
