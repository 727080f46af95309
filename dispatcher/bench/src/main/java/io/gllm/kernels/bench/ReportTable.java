package io.gllm.kernels.bench;

import java.util.List;
import java.util.Locale;

/** A report as text for people. */
final class ReportTable {
  private final BenchReport report;

  ReportTable(BenchReport report) {
    this.report = report;
  }

  String text() {
    StringBuilder out = new StringBuilder();
    Machine m = report.machine();
    line(out, "%s, %s, %s %s, JDK %s", m.processor(), m.os(), m.vm(), m.arch(), m.jdk());
    report.contenders().forEach(c -> line(out, "%s", contender(c)));
    report.notes().forEach(note -> line(out, "%s", note));
    line(out, "");
    report.peaks().forEach(peak -> line(out, "%s", peak(peak)));
    line(out, "%n%s", cases());
    if (report.disturbed()) {
      line(out, "This machine was busy with other programs: the measuring thread ran only %.0f %% of the time.%n", 100 * report.running());
    }
    out.append(peers());
    report.bars().forEach(outcome -> line(out, "%s  %s: %-34s %s", outcome.passed() ? "PASS" : "FAIL", outcome.contender(), outcome.name(),
        outcome.text()));
    return out.toString();
  }

  static String contender(Contender c) {
    if (c.peer()) {
      return String.format(Locale.ROOT, "%s: %s, threads %d", c.label(), c.device(), c.threads());
    }
    return String.format(Locale.ROOT, "%s: %s (%s), tier %s, isa %s, threads %d, first kernel after %s", c.label(), c.device(), c.backend(),
        c.tier(), c.isa(), c.threads(), Numbers.time(c.firstKernel()));
  }

  static String peak(PeakResult peak) {
    String size = peak.bytes() == 0 ? "" : " " + Numbers.size(peak.bytes());
    return String.format(Locale.ROOT, "peak of %s: %-24s %10.1f %-8s spread %4.1f %%   %s", peak.contender(), peak.kind().label() + size,
        peak.median() / 1e9, peak.kind().isCompute() ? "GFLOP/s" : "GB/s", 100 * peak.spread(), peak.probe());
  }

  private String cases() {
    TextTable table = new TextTable("case", "on", "kernel", ">time", ">GFLOP/s", ">GB/s", ">tokens/s", ">% roof", ">best", "bound by",
        ">spread", ">B/call");
    for (CaseResult result : report.cases()) {
      CaseKey key = result.key();
      if (result.skipped() != null) {
        table.row(key.label(), key.contender(), result.kernel(), "left out: " + result.skipped());
      } else {
        table.row(key.label(), key.contender(), result.kernel(), Numbers.time(result.samples().median()), Numbers.rate(result.gigaflops()),
            Numbers.rate(result.gigabytes()), Numbers.rate(result.tokensPerSecond()), Numbers.percent(result.share()),
            Numbers.percent(result.bestShare()), result.bound() == null ? "" : result.bound().label(),
            Numbers.percent(result.samples().spread()) + " %", String.format(Locale.ROOT, "%.1f", result.allocated()));
      }
    }
    return table.text();
  }

  private String peers() {
    List<PeerRow> rows = report.peerRows();
    if (rows.isEmpty()) {
      return "";
    }
    TextTable table = new TextTable("case", "on", "beside", ">as fast", ">99 % interval");
    for (PeerRow row : rows) {
      Shift s = row.shift();
      table.row(row.ours().key().label(), row.ours().key().contender(), row.peer().key().contender(),
          String.format(Locale.ROOT, "%.3fx", s.ratio()),
          s.isKnown() ? String.format(Locale.ROOT, "%.3f .. %.3f", s.low(), s.high()) : "-");
    }
    return table.text() + "\n";
  }

  /** One line about a result, for progress. */
  static String summary(CaseResult result) {
    if (result.skipped() != null) {
      return "left out: " + result.skipped();
    }
    String tokens = result.work().tokens() > 0 ? Numbers.speed(result) + ", " : "";
    return String.format(Locale.ROOT, "%s, %s%s GFLOP/s, %s GB/s, %s %% of the roofline", Numbers.time(result.samples().median()), tokens,
        Numbers.rate(result.gigaflops()), Numbers.rate(result.gigabytes()), Numbers.percent(result.share()));
  }

  private static void line(StringBuilder out, String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }
}
