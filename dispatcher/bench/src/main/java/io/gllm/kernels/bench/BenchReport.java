package io.gllm.kernels.bench;

import java.util.List;

/**
 * What a run measured.
 *
 * @param machine where
 * @param contenders who ran the cases
 * @param notes what could not take part, and why
 * @param peaks limits of the devices, measured in turn with the cases
 * @param cases the cases in the order they ran, one after the other for each contender
 * @param bars what must be reached, and whether it was
 */
public record BenchReport(Machine machine, List<Contender> contenders, List<String> notes, List<PeakResult> peaks, List<CaseResult> cases,
    List<BarOutcome> bars) {
  /** Below this share of running time, others use the cores and times say more about them than about kernels. */
  private static final double BUSY = 0.9;

  /** Copies the lists. */
  public BenchReport {
    contenders = List.copyOf(contenders);
    notes = List.copyOf(notes);
    peaks = List.copyOf(peaks);
    cases = List.copyOf(cases);
    bars = List.copyOf(bars);
  }

  /** Whether every bar was reached; true without bars. */
  public boolean passed() {
    return bars.stream().allMatch(BarOutcome::passed);
  }

  /** The contender with a label. */
  Contender contender(String label) {
    return contenders.stream().filter(c -> c.label().equals(label)).findFirst().orElseThrow();
  }

  /**
   * Share of the time in which the measuring thread ran, median over the cases on the CPU; NaN without any. A thread that waits for
   * another device sleeps.
   */
  public double running() {
    double[] shares = cases.stream().filter(c -> c.skipped() == null && contender(c.key().contender()).backend().equals("cpu"))
        .mapToDouble(CaseResult::running).toArray();
    return shares.length == 0 ? Double.NaN : Samples.quantile(shares, 0.5);
  }

  /** Whether other programs took so much of the cores that the times say little. */
  public boolean disturbed() {
    return running() < BUSY;
  }

  /** Whether other programs took so much of the cores that the times of a case say little. */
  boolean disturbed(CaseResult result) {
    return disturbed() && result.running() < BUSY;
  }

  /** Foreign libraries against our devices. */
  public List<PeerRow> peerRows() {
    return PeerRow.of(this);
  }

  /** The tables for people: machine, contenders, peaks, cases, bars. */
  public String table() {
    return new ReportTable(this).text();
  }

  /** The report as JSON, with every sample. */
  public String json() {
    return new ReportJson(this).text();
  }

  /** The report as one page of HTML that needs nothing else. */
  public String html() {
    return new HtmlReport(this, null).text();
  }

  /** The same with a comparison of this report with an earlier one. */
  public String html(Comparison comparison) {
    return new HtmlReport(this, comparison).text();
  }
}
