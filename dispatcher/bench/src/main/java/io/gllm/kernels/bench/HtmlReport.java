package io.gllm.kernels.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A report as one page that opens without a network: plots, then every number as text. There is no script, and the page forbids
 * itself to load anything.
 */
final class HtmlReport {
  private static final String STYLE = "report.css";

  private final BenchReport report;
  private final Comparison comparison;
  private final Html html = new Html();
  private final List<String> suites;
  private final List<String> contenders;
  private final Map<CaseKey, Integer> numbers = new HashMap<>();

  /** {@code comparison} with an earlier report, or null. */
  HtmlReport(BenchReport report, Comparison comparison) {
    this.report = report;
    this.comparison = comparison;
    this.suites = report.cases().stream().map(c -> c.key().suite()).distinct().toList();
    this.contenders = report.contenders().stream().map(Contender::label).toList();
    report.cases().forEach(c -> numbers.put(c.key(), numbers.size() + 1));
  }

  String text() {
    html.open("html", "lang", "en").open("head").empty("meta", "charset", "utf-8");
    html.empty("meta", "http-equiv", "Content-Security-Policy", "content", "default-src 'none'; style-src 'unsafe-inline'");
    html.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    html.leaf("title", "gllm bench, " + report.machine().date()).style(style()).close();
    html.open("body");
    head();
    verdict();
    bars();
    rooflines();
    charts();
    peers();
    cases();
    peaks();
    return html.page();
  }

  private static String style() {
    try (InputStream in = HtmlReport.class.getResourceAsStream(STYLE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void head() {
    Machine m = report.machine();
    html.leaf("h1", "gllm bench");
    html.leaf("p", m.hardware() + ", " + m.os() + ", " + m.vm() + ", JDK " + m.jdk() + ", " + m.date());
    if (report.disturbed()) {
      html.leaf("p", "This machine was busy with other programs: the measuring thread ran only " + Numbers.percent(report.running())
          + " % of the time.");
    }
    report.notes().forEach(note -> html.leaf("p", note));
    HtmlTable table = new HtmlTable(html, "contender", "device", "backend", "tier", "isa", ">threads", ">first kernel after");
    for (Contender c : report.contenders()) {
      table.row(c.label(), c.device(), c.backend(), c.tier(), c.isa(), Integer.toString(c.threads()),
          Double.isNaN(c.firstKernel()) ? "" : Numbers.time(c.firstKernel()));
    }
    table.end();
  }

  private void verdict() {
    if (comparison == null) {
      return;
    }
    html.leaf("h2", "Compared with the report of " + comparison.old().machine().date());
    html.leaf("p", ComparisonTable.summary(comparison));
    comparison.notes().forEach(note -> html.leaf("p", note));
    HtmlTable table = new HtmlTable(html, "case", "on", ">then", ">now", ">time", ">99 % interval", ">% roof then", ">now", "verdict");
    for (Comparison.Row row : comparison.rows()) {
      table.mark(switch (row.verdict()) {
        case SLOWER -> "bad";
        case FASTER -> "good";
        default -> "";
      });
      table.row(row.now().key().label(), row.now().key().contender(), Numbers.time(row.old().samples().median()),
          Numbers.time(row.now().samples().median()), Numbers.change(row.shift().ratio()), ComparisonTable.interval(row.shift()),
          Numbers.percent(row.old().share()), Numbers.percent(row.now().share()), row.verdict().label());
    }
    table.end();
    comparison.onlyOld().forEach(key -> html.leaf("p", "Only in the earlier report: " + key));
    comparison.onlyNow().forEach(key -> html.leaf("p", "Only in this report: " + key));
  }

  private void bars() {
    if (report.bars().isEmpty()) {
      return;
    }
    html.leaf("h2", "Bars");
    HtmlTable table = new HtmlTable(html, "bar", "on", "measured", "verdict");
    for (BarOutcome outcome : report.bars()) {
      table.mark(outcome.passed() ? "good" : "bad");
      table.row(outcome.name(), outcome.contender(), outcome.text(), outcome.passed() ? "PASS" : "FAIL");
    }
    table.end();
  }

  private void rooflines() {
    boolean titled = false;
    for (Contender contender : report.contenders()) {
      RooflinePlot plot = new RooflinePlot(report, contender, suites, numbers);
      if (!plot.isEmpty()) {
        if (!titled) {
          html.leaf("h2", "Roofline");
          titled = true;
        }
        html.leaf("h3", contender.label());
        plot.draw(html);
      }
    }
  }

  private void charts() {
    html.leaf("h2", "Speeds");
    html.leaf("p", "A bar is the speed of a contender, its black or white mark the limit that the same run measured; scales differ "
        + "from case to case.");
    if (contenders.size() > 1) {
      html.open("ul", "class", "legend");
      contenders.forEach(label -> Palette.entry(html, Palette.of(contenders.indexOf(label)), label));
      html.close();
    }
    for (String suite : suites) {
      BarChart chart = new BarChart(report, suite, contenders);
      if (!chart.isEmpty()) {
        html.leaf("h3", suite);
        chart.draw(html);
      }
    }
  }

  private void peers() {
    List<PeerRow> rows = report.peerRows();
    if (rows.isEmpty()) {
      return;
    }
    html.leaf("h2", "Beside other libraries");
    HtmlTable table = new HtmlTable(html, "case", "on", "beside", ">as fast", ">99 % interval");
    for (PeerRow row : rows) {
      Shift s = row.shift();
      table.row(row.ours().key().label(), row.ours().key().contender(), row.peer().key().contender(), ratio(s.ratio()),
          s.isKnown() ? ratio(s.low()) + " .. " + ratio(s.high()) : "-");
    }
    table.end();
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private void cases() {
    html.leaf("h2", "Cases");
    HtmlTable table = new HtmlTable(html, ">#", "case", "on", "kernel", ">time", ">GFLOP/s", ">GB/s", ">tokens/s", ">op/byte", ">% roof",
        ">best", "bound by", ">spread", ">B/call");
    for (CaseResult c : report.cases()) {
      String number = numbers.get(c.key()).toString();
      if (c.skipped() != null) {
        table.row(number, c.key().label(), c.key().contender(), c.kernel(), "left out: " + c.skipped());
      } else {
        table.row(number, c.key().label(), c.key().contender(), c.kernel(), Numbers.time(c.samples().median()), Numbers.rate(c.gigaflops()),
            Numbers.rate(c.gigabytes()), Numbers.rate(c.tokensPerSecond()),
            c.work().bytes() > 0 ? Numbers.rate(c.work().flops() / c.work().bytes()) : "-", Numbers.percent(c.share()),
            Numbers.percent(c.bestShare()), c.bound() == null ? "" : c.bound().label(), Numbers.percent(c.samples().spread()) + " %",
            String.format(Locale.ROOT, "%.1f", c.allocated()));
      }
    }
    table.end();
  }

  private void peaks() {
    html.leaf("h2", "Limits");
    HtmlTable table = new HtmlTable(html, "limit", "of", ">size", ">median", ">best", "unit", ">spread", "loop");
    for (PeakResult p : report.peaks()) {
      table.row(p.kind().label(), p.contender(), p.bytes() == 0 ? "" : Numbers.size(p.bytes()), Numbers.rate(p.median() / 1e9),
          Numbers.rate(p.best() / 1e9), p.kind().isCompute() ? "GFLOP/s" : "GB/s", Numbers.percent(p.spread()) + " %", p.probe());
    }
    table.end();
  }
}
