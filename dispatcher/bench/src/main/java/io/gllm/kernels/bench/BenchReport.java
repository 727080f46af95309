package io.gllm.kernels.bench;

import java.util.List;

/**
 * What a run measured.
 *
 * @param machine where
 * @param peaks limits of the device, measured in turn with the cases
 * @param cases the cases in the order they ran
 * @param bars what must be reached, and whether it was
 */
public record BenchReport(Machine machine, List<PeakResult> peaks, List<CaseResult> cases, List<Bar.Outcome> bars) {
  /** Below this share of running time, others use the cores and times say more about them than about kernels. */
  private static final double BUSY = 0.9;

  /** Copies the lists. */
  public BenchReport {
    peaks = List.copyOf(peaks);
    cases = List.copyOf(cases);
    bars = List.copyOf(bars);
  }

  /** Whether every bar was reached; true without bars. */
  public boolean passed() {
    return bars.stream().allMatch(Bar.Outcome::passed);
  }

  /** Share of the time in which the measuring thread ran, median over the cases; NaN without any. */
  public double running() {
    double[] shares = cases.stream().filter(c -> c.skipped() == null).mapToDouble(CaseResult::running).toArray();
    return shares.length == 0 ? Double.NaN : Samples.quantile(shares, 0.5);
  }

  /** Whether other programs took so much of the cores that the times say little. */
  public boolean disturbed() {
    return running() < BUSY;
  }

  /** The tables for people: machine, peaks, cases, bars. */
  public String table() {
    return new ReportTable(this).text();
  }

  /** The report as JSON, with every sample. */
  public String json() {
    return new ReportJson(this).text();
  }
}
