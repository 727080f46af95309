package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.KernelException;

/**
 * A tuned kernel of a queue, tested before its first launch. One that the driver refuses or whose answer is wrong is left alone, which
 * doctor and explain show, and its calls go to the next candidate.
 */
public final class TunedLaunch {
  private final Launcher launcher;
  private final Launch launch;
  private boolean tested;
  private boolean good;

  /** The kernel {@code symbol} of a launcher. */
  public TunedLaunch(Launcher launcher, String symbol) {
    this.launcher = launcher;
    this.launch = launcher.prepare(symbol);
  }

  /** Whether the kernel may be used. */
  public boolean isGood() {
    if (!tested) {
      good = launcher.takes(launch.kernel().symbol()) && test();
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

  /** The launch, to be bound and made. */
  public Launch launch() {
    return launch;
  }

  /** Binds bytes that may start within a word; returns how far into it. */
  public static int bytes(Launch launch, Buffer buffer, long bytes) {
    int late = (int) (buffer.byteOffset() & 3);
    launch.words(buffer.memory(), buffer.byteOffset() - late, (late + bytes + 3) / 4);
    return late;
  }

  /** Whether a buffer starts at a multiple of {@code bytes}, a power of two. */
  public static boolean begins(Buffer buffer, int bytes) {
    return (buffer.address() & bytes - 1) == 0;
  }
}
