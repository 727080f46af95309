package io.gllm.kernels.bench;

import io.gllm.kernels.api.spi.PeakKind;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Operations in a second over operations for each byte, both logarithmic, under the limits that the same run measured. */
final class RooflinePlot {
  private static final int WIDTH = 960;
  private static final int HEIGHT = 460;
  private static final int LEFT = 70;
  private static final int RIGHT = WIDTH - 20;
  private static final int TOP = 15;
  private static final int BOTTOM = HEIGHT - 45;

  private static final List<String> DASHES = List.of("none", "8 4", "3 3", "10 3 2 3", "1 4", "14 6");

  private final Contender contender;
  private final List<CaseResult> cases;
  private final List<String> suites;
  private final Map<PeakKind, PeakResult> limits = new LinkedHashMap<>();
  private final Map<CaseKey, Integer> numbers;

  /** {@code numbers} are those of the cases in the table of the page, {@code suites} give the colours. */
  RooflinePlot(BenchReport report, Contender contender, List<String> suites, Map<CaseKey, Integer> numbers) {
    this.contender = contender;
    this.suites = suites;
    this.numbers = numbers;
    this.cases = report.cases().stream()
        .filter(c -> c.key().contender().equals(contender.label()) && c.skipped() == null && c.work().flops() > 0 && c.work().bytes() > 0)
        .toList();
    report.peaks().stream().filter(p -> p.contender().equals(contender.label()) && p.median() > 0)
        .sorted(Comparator.comparing(PeakResult::kind).thenComparing(PeakResult::bytes)).forEach(p -> limits.put(p.kind(), p));
  }

  /** Whether there is anything to draw. */
  boolean isEmpty() {
    return cases.isEmpty() || limits.isEmpty();
  }

  private static double intensity(CaseResult c) {
    return c.work().flops() / c.work().bytes();
  }

  void draw(Html html) {
    double most = Math.max(compute(), cases.stream().mapToDouble(CaseResult::gigaflops).max().orElseThrow());
    LogScale x = LogScale.around(cases.stream().mapToDouble(RooflinePlot::intensity).min().orElseThrow(),
        cases.stream().mapToDouble(RooflinePlot::intensity).max().orElseThrow() * 1.5, LEFT, RIGHT);
    LogScale y = LogScale.around(cases.stream().mapToDouble(CaseResult::gigaflops).min().orElseThrow(), most * 1.2, BOTTOM, TOP);
    html.open("figure").open("svg", "viewBox", "0 0 " + WIDTH + " " + HEIGHT, "role", "img", "aria-label",
        "Roofline of " + contender.label() + "; its numbers are in the tables");
    grid(html, x, y);
    roofs(html, x, y);
    cases.forEach(c -> point(html, c, x, y));
    html.close();
    legend(html);
    html.leaf("figcaption", "Each point is a case, with its number in the table of cases. Cases without operations are left out.").close();
  }

  /** The highest limit of operations, in 10^9. */
  private double compute() {
    return limits.values().stream().filter(p -> p.kind().isCompute()).mapToDouble(p -> p.median() / 1e9).max().orElse(0);
  }

  private static void grid(Html html, LogScale x, LogScale y) {
    for (double tick : x.ticks()) {
      line(html, "grid", "none", x.at(tick), TOP, x.at(tick), BOTTOM);
      html.leaf("text", number(tick), "class", "quiet", "x", place(x.at(tick)), "y", place(BOTTOM + 18), "text-anchor", "middle");
    }
    for (double tick : y.ticks()) {
      line(html, "grid", "none", LEFT, y.at(tick), RIGHT, y.at(tick));
      html.leaf("text", number(tick), "class", "quiet", "x", place(LEFT - 8), "y", place(y.at(tick) + 4), "text-anchor", "end");
    }
    html.leaf("text", "operations for each byte", "x", place((LEFT + RIGHT) / 2.0), "y", place(HEIGHT - 8), "text-anchor", "middle");
    html.leaf("text", "GFLOP/s", "x", "14", "y", place((TOP + BOTTOM) / 2.0), "text-anchor", "middle", "transform",
        "rotate(-90 14 " + place((TOP + BOTTOM) / 2.0) + ")");
  }

  /** Limits of operations are level; those of bytes rise until the highest of these. */
  private void roofs(Html html, LogScale x, LogScale y) {
    int drawn = 0;
    double top = compute() > 0 ? compute() : y.high();
    for (PeakResult limit : limits.values()) {
      double speed = limit.median() / 1e9;
      String dash = DASHES.get(drawn++ % DASHES.size());
      if (limit.kind().isCompute()) {
        line(html, "roof", dash, LEFT, y.at(speed), RIGHT, y.at(speed));
      } else {
        double from = Math.max(x.low(), y.low() / speed);
        double to = Math.min(x.high(), top / speed);
        if (from < to) {
          line(html, "roof", dash, x.at(from), y.at(from * speed), x.at(to), y.at(to * speed));
        }
      }
    }
  }

  private void point(Html html, CaseResult c, LogScale x, LogScale y) {
    String cx = place(x.at(intensity(c)));
    double cy = y.at(c.gigaflops());
    html.open("circle", "class", colour(c.key().suite()), "cx", cx, "cy", place(cy), "r", "4.5")
        .leaf("title", c.key().label() + ": " + Numbers.speed(c) + ", " + Numbers.percent(c.share()) + " % of the roofline").close();
    html.leaf("text", numbers.get(c.key()).toString(), "class", "small quiet", "x", cx, "y", place(cy - 7), "text-anchor", "middle");
  }

  private String colour(String suite) {
    return Palette.of(suites.indexOf(suite));
  }

  private void legend(Html html) {
    html.open("ul", "class", "legend");
    int drawn = 0;
    for (PeakResult limit : limits.values()) {
      String size = limit.bytes() == 0 ? "" : ", " + Numbers.size(limit.bytes());
      html.open("li").open("svg", "viewBox", "0 0 28 12", "aria-hidden", "true");
      line(html, "roof", DASHES.get(drawn++ % DASHES.size()), 0, 6, 28, 6);
      html.close().text(" " + limit.kind().label() + size + ": " + Numbers.rate(limit.median() / 1e9)
          + (limit.kind().isCompute() ? " GFLOP/s" : " GB/s")).close();
    }
    cases.stream().map(c -> c.key().suite()).distinct().forEach(suite -> Palette.entry(html, colour(suite), suite));
    html.close();
  }

  private static void line(Html html, String type, String dash, double x1, double y1, double x2, double y2) {
    html.empty("line", "class", type, "stroke-dasharray", dash, "x1", place(x1), "y1", place(y1), "x2", place(x2), "y2", place(y2));
  }

  private static String place(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static String number(double tick) {
    return tick >= 1 ? String.format(Locale.ROOT, "%.0f", tick) : String.format(Locale.ROOT, "%.3g", tick).replaceAll("0+$", "");
  }
}
