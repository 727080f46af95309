package io.gllm.kernels.bench;

import java.util.Locale;

/**
 * How a speed that must be reached was reached.
 *
 * @param contender label of the device
 * @param name what it is about
 * @param measure which number counts
 * @param limit the least share, or the most nanoseconds or bytes
 * @param value the number that was measured; NaN if the case was left out
 * @param note why there is no number, or null
 */
public record BarOutcome(String contender, String name, Measure measure, double limit, double value, String note) {
  /** A number of a case. */
  public enum Measure {
    /** Share of the roofline, at least. */
    SHARE,
    /** Nanoseconds of a call, at most. */
    NANOSECONDS,
    /** Bytes allocated by a call, at most. */
    ALLOCATED
  }

  /** Whether the bar is reached; without a number it is not. */
  public boolean passed() {
    return measure == Measure.SHARE ? value >= limit : value <= limit;
  }

  /** Value and limit with their unit. */
  public String text() {
    String relation = switch (measure) {
      case SHARE -> String.format(Locale.ROOT, "%.1f %% >= %.0f %%", 100 * value, 100 * limit);
      case NANOSECONDS -> String.format(Locale.ROOT, "%.1f ns <= %.0f ns", value, limit);
      case ALLOCATED -> String.format(Locale.ROOT, "%.2f B <= %.0f B", value, limit);
    };
    return note == null ? relation : note;
  }
}
