package io.gllm.kernels.bench;

import java.util.Arrays;

/**
 * How much longer one set of times is than another, with the interval that their spread leaves open. The estimate is the median of
 * the ratios of all pairs; the interval holds the ratios that the rank test of Mann and Whitney (1947) does not reject (Hodges and
 * Lehmann, 1963). Nothing is assumed about the distribution of times, which is far from normal.
 *
 * @param ratio new time divided by old time
 * @param low least ratio that the samples allow; 0 if there are too few of them
 * @param high highest ratio that the samples allow; infinite if there are too few of them
 */
public record Shift(double ratio, double low, double high) {
  /** Chance of an interval beside the truth: reports have a hundred cases, one of which may be wrong. */
  private static final double ERROR = 0.01;

  /** More samples than this and the rank sum is as good as normal. */
  private static final int EXACT = 50;

  /** Quantile of the normal distribution at 1 - ERROR / 2. */
  private static final double NORMAL = 2.5758293035489;

  /** Compares new times with old ones. */
  static Shift of(Samples old, Samples now) {
    double[] ratios = new double[old.seconds().length * now.seconds().length];
    int i = 0;
    for (double n : now.seconds()) {
      for (double o : old.seconds()) {
        ratios[i++] = n / o;
      }
    }
    Arrays.sort(ratios);
    int cut = cut(old.seconds().length, now.seconds().length);
    return new Shift(Samples.quantile(ratios, 0.5), cut < 0 ? 0 : ratios[cut],
        cut < 0 ? Double.POSITIVE_INFINITY : ratios[ratios.length - 1 - cut]);
  }

  /** How many ratios at each end are beyond the interval; -1 if even the interval of all ratios is wrong too often. */
  static int cut(int m, int n) {
    if (m > EXACT || n > EXACT) {
      double mean = m * (double) n / 2;
      double deviation = Math.sqrt(m * (double) n * (m + n + 1) / 12);
      return (int) Math.floor(mean - NORMAL * deviation) - 1;
    }
    double[] chances = rankChances(m, n);
    double below = 0;
    int cut = -1;
    while (below + chances[cut + 1] <= ERROR / 2) {
      below += chances[++cut];
    }
    return cut;
  }

  /** Chance of each value of the statistic U if both sets come from the same distribution. */
  private static double[] rankChances(int m, int n) {
    double[][] ways = new double[m + 1][m * n + 1]; // ways[i][u]: sets of i ranks with statistic u, ranks added one after the other
    ways[0][0] = 1;
    for (int rank = 1; rank <= m + n; rank++) {
      for (int i = Math.min(rank, m); i >= 1; i--) {
        int before = rank - i; // members of the other set below this rank
        for (int u = before > n ? m * n + 1 : before; u <= m * n; u++) {
          ways[i][u] += ways[i - 1][u - before];
        }
      }
    }
    double all = Arrays.stream(ways[m]).sum();
    return Arrays.stream(ways[m]).map(w -> w / all).toArray();
  }

  /** Whether the samples show that the times differ at all. */
  public boolean isShown() {
    return low > 1 || high < 1;
  }

  /** Whether there are enough samples to show anything. */
  public boolean isKnown() {
    return high < Double.POSITIVE_INFINITY;
  }
}
