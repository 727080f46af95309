package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.Sampling;

/** Random words, four for each thread (philox.gk). */
final class PortablePhilox implements Sampling.Philox {
  private static final int GROUP = 4 * 256;

  private final Windows windows;
  private final Launch launch;

  PortablePhilox(Launcher launcher) {
    windows = new Windows(launcher);
    launch = launcher.prepare("philox");
  }

  @Override
  public void run(Buffer out, long n, int row, int step, long key) {
    long window = windows.elements(4);
    for (long from = 0; from < n; from += window) {
      long count = Math.min(window, n - from);
      launch.part(out, from, count).value(count).value(from / 4).bits(row).bits(step).bits((int) key).bits((int) (key >>> 32));
      launch.groups((count + GROUP - 1) / GROUP);
    }
  }
}
