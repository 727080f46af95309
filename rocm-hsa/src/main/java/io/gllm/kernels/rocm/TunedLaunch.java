package io.gllm.kernels.rocm;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;

/**
 * A tuned kernel of a queue, tested before its first launch. One whose answer is wrong goes into quarantine, which doctor and explain
 * show, and its calls to the next candidate.
 */
final class TunedLaunch {
  private final Launcher launcher;
  private final Launch launch;
  private boolean tested;
  private boolean good;

  TunedLaunch(Launcher launcher, String symbol) {
    this.launcher = launcher;
    this.launch = launcher.prepare(symbol);
  }

  /** Whether the kernel may be used. */
  boolean isGood() {
    if (!tested) {
      good = test();
      tested = true;
    }
    return good;
  }

  private boolean test() {
    String symbol = launch.kernel().symbol();
    try {
      launcher.selfTest().require(launcher, symbol);
      return true;
    } catch (KernelException e) {
      if (launcher.selfTest().quarantined().containsKey(symbol)) {
        return false;
      }
      throw e; // the driver failed, which says nothing about the kernel
    }
  }

  Launch launch() {
    return launch;
  }
}
