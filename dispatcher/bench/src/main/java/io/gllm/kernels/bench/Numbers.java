package io.gllm.kernels.bench;

import java.util.Locale;

/** Numbers as people read them, the same in every locale. */
final class Numbers {
  private Numbers() {}

  static String time(double seconds) {
    if (seconds < 1e-6) {
      return String.format(Locale.ROOT, "%.1f ns", seconds * 1e9);
    }
    if (seconds < 1e-3) {
      return String.format(Locale.ROOT, "%.2f us", seconds * 1e6);
    }
    return seconds < 1 ? String.format(Locale.ROOT, "%.3f ms", seconds * 1e3) : String.format(Locale.ROOT, "%.3f s", seconds);
  }

  /** 10^9 in a second. */
  static String rate(double value) {
    return value == 0 ? "-" : String.format(Locale.ROOT, value < 1 ? "%.3f" : "%.1f", value);
  }

  static String percent(double share) {
    return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.1f", 100 * share);
  }

  /** A ratio as a change: 1.05 is +5.0 %. */
  static String change(double ratio) {
    return String.format(Locale.ROOT, "%+.1f %%", 100 * (ratio - 1));
  }

  static String size(long bytes) {
    return bytes >= 1 << 20 ? (bytes >> 20) + " MB" : (bytes >> 10) + " KB";
  }

  /** The number that says most about a case: tokens, operations or bytes in a second. */
  static String speed(CaseResult result) {
    if (result.work().tokens() > 0) {
      return rate(result.tokensPerSecond()) + " tokens/s";
    }
    return result.work().flops() > 0 ? rate(result.gigaflops()) + " GFLOP/s" : rate(result.gigabytes()) + " GB/s";
  }
}
