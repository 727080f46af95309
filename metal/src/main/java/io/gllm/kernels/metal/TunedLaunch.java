package io.gllm.kernels.metal;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;

/**
 * A tuned kernel of a queue, compiled and tested before its first launch. One that Metal refuses or whose answer is wrong is left alone,
 * which doctor and explain show, and its calls go to the next candidate.
 */
final class TunedLaunch {
  private final Launcher launcher;
  private final MetalModules modules;
  private final Launch launch;
  private boolean tested;
  private boolean good;

  TunedLaunch(Launcher launcher, MetalModules modules, String symbol) {
    this.launcher = launcher;
    this.modules = modules;
    this.launch = launcher.prepare(symbol);
  }

  /** Whether the kernel may be used. */
  boolean isGood() {
    if (!tested) {
      good = modules.compiles(launch.kernel().symbol()) && test();
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
      throw e; // the device failed, which says nothing about the kernel
    }
  }

  Launch launch() {
    return launch;
  }

  /** Binds bytes that may start within a word; returns where. */
  static int bytes(Launch launch, Buffer buffer, long bytes) {
    int late = (int) (buffer.byteOffset() & 3);
    launch.words(buffer.memory(), buffer.byteOffset() - late, (late + bytes + 3) / 4);
    return late;
  }

  /** Whether a buffer begins a whole {@code bytes}, a power of two. */
  static boolean begins(Buffer buffer, int bytes) {
    return (buffer.address() & bytes - 1) == 0;
  }
}
