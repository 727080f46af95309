package io.gllm.kernels.bench;

/**
 * A speed that must be reached.
 *
 * @param name what it is about
 * @param benchCase the case that is measured
 * @param measure which of its numbers counts
 * @param limit the least share, or the most nanoseconds or bytes
 */
public record Bar(String name, BenchCase benchCase, Measure measure, double limit) {
  /** A number of a case. */
  public enum Measure {
    /** Share of the roofline, at least. */
    SHARE,
    /** Nanoseconds of a call, at most. */
    NANOSECONDS,
    /** Bytes allocated by a call, at most. */
    ALLOCATED
  }

  /**
   * How a bar was met.
   *
   * @param bar the bar
   * @param value the number that was measured; NaN if the case was left out
   * @param note why there is no number, or null
   */
  public record Outcome(Bar bar, double value, String note) {
    /** Whether the bar is reached; without a number it is not. */
    public boolean passed() {
      return bar.measure() == Measure.SHARE ? value >= bar.limit() : value <= bar.limit();
    }

    /** Value and limit with their unit. */
    public String text() {
      String relation = switch (bar.measure()) {
        case SHARE -> String.format("%.1f %% >= %.0f %%", 100 * value, 100 * bar.limit());
        case NANOSECONDS -> String.format("%.1f ns <= %.0f ns", value, bar.limit());
        case ALLOCATED -> String.format("%.2f B <= %.0f B", value, bar.limit());
      };
      return note == null ? relation : note;
    }
  }

  /** Judges the result of the case. */
  Outcome judge(CaseResult result) {
    if (result.skipped() != null) {
      return new Outcome(this, Double.NaN, result.skipped());
    }
    double value = switch (measure) {
      case SHARE -> result.share();
      case NANOSECONDS -> result.samples().median() * 1e9;
      case ALLOCATED -> result.allocated();
    };
    return new Outcome(this, value, Double.isNaN(value) ? "the limit it is compared with is not known on this device and tier" : null);
  }
}
