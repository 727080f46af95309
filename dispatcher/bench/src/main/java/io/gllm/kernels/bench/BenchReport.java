package io.gllm.kernels.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a run measured.
 *
 * @param machine where
 * @param peaks limits of the device, measured in turn with the cases
 * @param cases the cases in the order they ran
 * @param bars what must be reached, and whether it was
 */
public record BenchReport(Machine machine, List<PeakResult> peaks, List<CaseResult> cases, List<Bar.Outcome> bars) {
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

  /** The tables: machine, peaks, cases, bars. */
  public String table() {
    StringBuilder out = new StringBuilder();
    line(out, "%s, %s, %s %s, JDK %s", machine.processor(), machine.os(), machine.vm(), machine.arch(), machine.jdk());
    line(out, "%s (%s), tier %s, threads %d%n", machine.device(), machine.backend(), machine.tier(), machine.threads());
    peakTable(out);
    caseTable(out);
    barTable(out);
    return out.toString();
  }

  private void peakTable(StringBuilder out) {
    for (PeakResult peak : peaks) {
      String size = peak.bytes() == 0 ? "" : " " + size(peak.bytes());
      line(out, "peak: %-24s %10.1f %-8s spread %4.1f %%   %s", peak.kind().label() + size, peak.median() / 1e9,
          peak.kind().isCompute() ? "GFLOP/s" : "GB/s", 100 * peak.spread(), peak.probe());
    }
  }

  private void caseTable(StringBuilder out) {
    line(out, "%n%-62s %-28s %11s %9s %8s %6s %6s %-16s %7s %7s", "case", "kernel", "time", "GFLOP/s", "GB/s", "% roof", "best", "bound by",
        "spread", "B/call");
    for (CaseResult result : cases) {
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
    if (!bars.isEmpty()) {
      line(out, "");
    }
    for (Bar.Outcome outcome : bars) {
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

  /** The report as JSON; the key {@code format} counts up when a key changes its meaning. */
  public String json() {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("format", 1);
    report.put("machine", machineJson());
    report.put("peaks", peaks.stream().map(BenchReport::peakJson).toList());
    report.put("cases", cases.stream().map(BenchReport::caseJson).toList());
    report.put("bars", bars.stream().map(BenchReport::barJson).toList());
    return Json.text(report);
  }

  private Map<String, Object> machineJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("processor", machine.processor());
    json.put("processors", machine.processors());
    json.put("os", machine.os());
    json.put("arch", machine.arch());
    json.put("jdk", machine.jdk());
    json.put("vm", machine.vm());
    json.put("date", machine.date());
    json.put("backend", machine.backend());
    json.put("device", machine.device());
    json.put("features", machine.features());
    json.put("tier", machine.tier());
    json.put("threads", machine.threads());
    return json;
  }

  private static Map<String, Object> peakJson(PeakResult peak) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", peak.kind().name().toLowerCase(Locale.ROOT));
    json.put("bytes", peak.bytes());
    json.put("probe", peak.probe());
    json.put("per_second", peak.median());
    json.put("best_per_second", peak.best());
    json.put("spread", peak.spread());
    return json;
  }

  private static Map<String, Object> caseJson(CaseResult result) {
    Map<String, Object> json = new LinkedHashMap<>();
    BenchCase c = result.benchCase();
    json.put("suite", c.suite());
    json.put("op", c.name());
    json.put("type", c.type().label());
    json.put("shape", c.shape());
    json.put("kernel", result.kernel());
    json.put("flops", c.flops());
    json.put("bytes", c.bytes());
    json.put("skipped", result.skipped());
    if (result.skipped() == null) {
      measured(json, result);
    }
    return json;
  }

  private static void measured(Map<String, Object> json, CaseResult result) {
    List<Double> seconds = new ArrayList<>();
    for (double s : result.samples().seconds()) {
      seconds.add(s);
    }
    json.put("calls_per_sample", result.calls());
    json.put("seconds", seconds);
    json.put("median_seconds", result.samples().median());
    json.put("best_seconds", result.samples().best());
    json.put("spread", result.samples().spread());
    json.put("gflops", result.gigaflops());
    json.put("gbytes", result.gigabytes());
    json.put("roofline", result.share());
    json.put("best_roofline", result.bestShare());
    json.put("bound", result.bound() == null ? null : result.bound().name().toLowerCase(Locale.ROOT));
    json.put("allocated_bytes_per_call", result.allocated());
  }

  private static Map<String, Object> barJson(Bar.Outcome outcome) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", outcome.bar().name());
    json.put("measure", outcome.bar().measure().name().toLowerCase(Locale.ROOT));
    json.put("limit", outcome.bar().limit());
    json.put("value", outcome.value());
    json.put("passed", outcome.passed());
    json.put("note", outcome.note());
    return json;
  }
}
