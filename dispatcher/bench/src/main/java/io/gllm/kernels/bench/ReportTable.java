package io.gllm.kernels.bench;

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
    line(out, "%s (%s), tier %s, isa %s, threads %d%n", m.device(), m.backend(), m.tier(), m.isa(), m.threads());
    peakTable(out);
    caseTable(out);
    if (report.disturbed()) {
      line(out, "%nThis machine was busy with other programs: the measuring thread ran only %.0f %% of the time.", 100 * report.running());
    }
    barTable(out);
    return out.toString();
  }

  private void peakTable(StringBuilder out) {
    for (PeakResult peak : report.peaks()) {
      String size = peak.bytes() == 0 ? "" : " " + size(peak.bytes());
      line(out, "peak: %-24s %10.1f %-8s spread %4.1f %%   %s", peak.kind().label() + size, peak.median() / 1e9,
          peak.kind().isCompute() ? "GFLOP/s" : "GB/s", 100 * peak.spread(), peak.probe());
    }
  }

  private void caseTable(StringBuilder out) {
    line(out, "%n%-62s %-28s %11s %9s %8s %6s %6s %-16s %7s %7s", "case", "kernel", "time", "GFLOP/s", "GB/s", "% roof", "best", "bound by",
        "spread", "B/call");
    for (CaseResult result : report.cases()) {
      String label = result.benchCase().suite() + " " + result.benchCase().label();
      if (result.skipped() != null) {
        line(out, "%-62s %-28s left out: %s", label, result.kernel(), result.skipped());
      } else {
        line(out, "%-62s %-28s %11s %9s %8s %6s %6s %-16s %5.1f %% %7.1f", label, result.kernel(), time(result.samples().median()),
            rate(result.gigaflops()), rate(result.gigabytes()), percent(result.share()), percent(result.bestShare()),
            result.bound() == null ? "" : result.bound().label(),
            100 * result.samples().spread(), result.allocated());
      }
    }
  }

  private void barTable(StringBuilder out) {
    if (!report.bars().isEmpty()) {
      line(out, "");
    }
    for (Bar.Outcome outcome : report.bars()) {
      line(out, "%s  %-34s %s", outcome.passed() ? "PASS" : "FAIL", outcome.bar().name(), outcome.text());
    }
  }

  /** One line about a result, for progress. */
  static String summary(CaseResult result) {
    if (result.skipped() != null) {
      return "left out: " + result.skipped();
    }
    return String.format(Locale.ROOT, "%s, %s GFLOP/s, %s GB/s, %s %% of the roofline", time(result.samples().median()),
        rate(result.gigaflops()), rate(result.gigabytes()), percent(result.share()));
  }

  private static void line(StringBuilder out, String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }

  private static String rate(double value) {
    return value == 0 ? "-" : String.format(Locale.ROOT, value < 1 ? "%.3f" : "%.1f", value);
  }

  private static String percent(double share) {
    return Double.isNaN(share) ? "-" : String.format(Locale.ROOT, "%.1f", 100 * share);
  }

  static String time(double seconds) {
    if (seconds < 1e-6) {
      return String.format(Locale.ROOT, "%.1f ns", seconds * 1e9);
    }
    if (seconds < 1e-3) {
      return String.format(Locale.ROOT, "%.2f us", seconds * 1e6);
    }
    return seconds < 1 ? String.format(Locale.ROOT, "%.3f ms", seconds * 1e3) : String.format(Locale.ROOT, "%.3f s", seconds);
  }

  private static String size(long bytes) {
    return bytes >= 1 << 20 ? (bytes >> 20) + " MB" : (bytes >> 10) + " KB";
  }
}
