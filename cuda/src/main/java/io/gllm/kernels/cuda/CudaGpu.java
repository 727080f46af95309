package io.gllm.kernels.cuda;

import java.util.Locale;

/**
 * A GPU as the driver describes it.
 *
 * @param ordinal the driver's number for it
 * @param name its name
 * @param major first number of the compute capability
 * @param minor second number of the compute capability
 * @param memory bytes of memory
 * @param driver the highest CUDA version of the driver: 1000 * major + 10 * minor
 * @param prohibited whether its compute mode keeps every program out
 */
record CudaGpu(int ordinal, String name, int major, int minor, long memory, int driver, boolean prohibited) {
  /** The oldest architecture that kernels are built for. */
  static final int OLDEST_SM = 80;

  /** The compute capability as one number, 90 for 9.0. */
  int sm() {
    return major * 10 + minor;
  }

  /** Why no kernel can run on it, or null. */
  String obstacle() {
    if (sm() < OLDEST_SM) {
      return "kernels need sm_" + OLDEST_SM + " or later";
    }
    return prohibited ? "its compute mode is 'prohibited' (nvidia-smi -c 0 allows programs)" : null;
  }

  /** Name, architecture, memory and driver, for people. */
  String describe() {
    return String.format(Locale.ROOT, "%s (sm_%d, %.1f GiB, driver for CUDA %s)", name, sm(), memory / (double) (1L << 30),
        version(driver));
  }

  /** A version of CUDA for people: 12.8 for 12080. */
  static String version(int number) {
    return number / 1000 + "." + number % 1000 / 10;
  }
}
