package io.gllm.kernels.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The cases of a suite, a bar for each contender: its speed, with a mark at its limit. Each case has a scale of its own. */
final class BarChart {
  private static final int WIDTH = 960;
  private static final int BAR = 560;
  private static final int TITLE = 20;
  private static final int ROW = 18;
  private static final int GAP = 12;

  private final String suite;
  private final List<String> contenders;
  private final Map<String, List<CaseResult>> groups;

  /** {@code contenders} give the colours. */
  BarChart(BenchReport report, String suite, List<String> contenders) {
    this.suite = suite;
    this.contenders = contenders;
    this.groups = report.cases().stream().filter(c -> c.key().suite().equals(suite) && c.skipped() == null)
        .collect(Collectors.groupingBy(c -> c.key().label(), LinkedHashMap::new, Collectors.toList()));
  }

  /** Whether every case was left out. */
  boolean isEmpty() {
    return groups.isEmpty();
  }

  void draw(Html html) {
    int height = groups.values().stream().mapToInt(group -> TITLE + ROW * group.size() + GAP).sum();
    html.open("figure").open("svg", "viewBox", "0 0 " + WIDTH + " " + height, "role", "img", "aria-label",
        "Speeds of the suite " + suite + "; its numbers are in the table of cases");
    int y = 0;
    for (Map.Entry<String, List<CaseResult>> group : groups.entrySet()) {
      html.leaf("text", group.getKey().substring(suite.length() + 1), "x", "0", "y", Integer.toString(y + 14));
      y += TITLE;
      double full = group.getValue().stream().mapToDouble(BarChart::widest).max().orElseThrow();
      for (CaseResult result : group.getValue()) {
        bar(html, result, full, y);
        y += ROW;
      }
      y += GAP;
    }
    html.close().close();
  }

  /** Calls in a second; the only speed that every case has. */
  private static double speed(CaseResult result) {
    return 1 / result.samples().median();
  }

  /** What the limits allow; 0 if none is known. */
  private static double limit(CaseResult result) {
    return result.share() > 0 ? speed(result) / result.share() : 0;
  }

  private static double widest(CaseResult result) {
    return Math.max(speed(result), limit(result));
  }

  private void bar(Html html, CaseResult result, double full, int y) {
    CaseKey key = result.key();
    String top = Integer.toString(y + 1);
    String share = Double.isNaN(result.share()) ? "" : " · " + Numbers.percent(result.share()) + " %";
    html.empty("rect", "class", "track", "x", "0", "y", top, "width", Integer.toString(BAR), "height", "13");
    html.empty("rect", "class", Palette.of(contenders.indexOf(key.contender())), "x", "0", "y", top, "width",
        place(BAR * speed(result) / full), "height", "13");
    if (limit(result) > 0) {
      String at = place(BAR * limit(result) / full);
      html.empty("line", "class", "limit", "x1", at, "y1", Integer.toString(y - 1), "x2", at, "y2", Integer.toString(y + 16));
    }
    String name = contenders.size() > 1 ? key.contender() + " · " : "";
    html.leaf("text", name + Numbers.speed(result) + share + " · " + Numbers.time(result.samples().median()), "x",
        Integer.toString(BAR + 10), "y", Integer.toString(y + 12));
  }

  private static String place(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
