package io.gllm.kernels.bench;

import java.util.Arrays;

/**
 * Times of one call, one for each round.
 *
 * @param seconds in the order of the rounds
 */
public record Samples(double[] seconds) {
  /** Copies the times, of which there must be one at least. */
  public Samples {
    if (seconds.length == 0) {
      throw new IllegalArgumentException("no samples");
    }
    seconds = seconds.clone();
  }

  /** The times, in the order of the rounds. */
  @Override
  public double[] seconds() {
    return seconds.clone();
  }

  /** The middle time. */
  public double median() {
    return quantile(seconds, 0.5);
  }

  /** The shortest time. */
  public double best() {
    return quantile(seconds, 0);
  }

  /** Distance of the quartiles relative to the median: 0.02 means that half of the samples lie within 2 %. */
  public double spread() {
    return (quantile(seconds, 0.75) - quantile(seconds, 0.25)) / median();
  }

  /** The value below which a share of the values lies, between two of them by linear interpolation. */
  static double quantile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double at = share * (sorted.length - 1);
    int low = (int) at;
    int high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }
}
