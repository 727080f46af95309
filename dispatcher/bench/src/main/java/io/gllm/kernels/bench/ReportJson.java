package io.gllm.kernels.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A report as JSON. Keys stay as they are; {@code format} counts up when one changes its meaning. Every sample is there, so that
 * two reports can be compared with regard to their spread.
 */
final class ReportJson {
  /** 2: several contenders in one report. */
  static final int FORMAT = 2;

  private final BenchReport report;

  ReportJson(BenchReport report) {
    this.report = report;
  }

  String text() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("machine", machineJson(report.machine()));
    json.put("running", report.running());
    json.put("contenders", report.contenders().stream().map(ReportJson::contenderJson).toList());
    json.put("notes", report.notes());
    json.put("peaks", report.peaks().stream().map(ReportJson::peakJson).toList());
    json.put("cases", report.cases().stream().map(ReportJson::caseJson).toList());
    json.put("bars", report.bars().stream().map(ReportJson::barJson).toList());
    return Json.text(json);
  }

  private static Map<String, Object> machineJson(Machine machine) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("processor", machine.processor());
    json.put("processors", machine.processors());
    json.put("os", machine.os());
    json.put("arch", machine.arch());
    json.put("jdk", machine.jdk());
    json.put("vm", machine.vm());
    json.put("date", machine.date());
    return json;
  }

  private static Map<String, Object> contenderJson(Contender contender) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("label", contender.label());
    json.put("peer", contender.peer());
    json.put("backend", contender.backend());
    json.put("device", contender.device());
    json.put("features", contender.features());
    json.put("tier", contender.tier());
    json.put("isa", contender.isa());
    json.put("threads", contender.threads());
    json.put("first_kernel_seconds", contender.firstKernel());
    return json;
  }

  private static Map<String, Object> peakJson(PeakResult peak) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("contender", peak.contender());
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
    CaseKey key = result.key();
    json.put("contender", key.contender());
    json.put("suite", key.suite());
    json.put("op", key.op());
    json.put("type", key.type());
    json.put("shape", key.shape());
    json.put("kernel", result.kernel());
    json.put("flops", result.work().flops());
    json.put("bytes", result.work().bytes());
    json.put("tokens", result.work().tokens());
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
    json.put("tokens_per_second", result.tokensPerSecond());
    json.put("roofline", result.share());
    json.put("best_roofline", result.bestShare());
    json.put("bound", result.bound() == null ? null : result.bound().name().toLowerCase(Locale.ROOT));
    json.put("allocated_bytes_per_call", result.allocated());
    json.put("running", result.running());
  }

  private static Map<String, Object> barJson(BarOutcome outcome) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("contender", outcome.contender());
    json.put("name", outcome.name());
    json.put("measure", outcome.measure().name().toLowerCase(Locale.ROOT));
    json.put("limit", outcome.limit());
    json.put("value", outcome.value());
    json.put("passed", outcome.passed());
    json.put("note", outcome.note());
    return json;
  }
}
