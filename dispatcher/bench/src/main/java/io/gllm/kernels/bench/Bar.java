package io.gllm.kernels.bench;

/**
 * A speed that must be reached.
 *
 * @param name what it is about
 * @param benchCase the case that is measured
 * @param measure which of its numbers counts
 * @param limit the least share, or the most nanoseconds or bytes
 */
record Bar(String name, BenchCase benchCase, BarOutcome.Measure measure, double limit) {
  /** Judges the result of the case. */
  BarOutcome judge(CaseResult result) {
    String contender = result.key().contender();
    if (result.skipped() != null) {
      return new BarOutcome(contender, name, measure, limit, Double.NaN, result.skipped());
    }
    double value = switch (measure) {
      case SHARE -> result.share();
      case NANOSECONDS -> result.samples().median() * 1e9;
      case ALLOCATED -> result.allocated();
    };
    String note = Double.isNaN(value) ? "the limit it is compared with is not known on this device and tier" : null;
    return new BarOutcome(contender, name, measure, limit, value, note);
  }
}
