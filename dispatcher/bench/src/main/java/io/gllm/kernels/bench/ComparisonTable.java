package io.gllm.kernels.bench;

import java.util.List;

/** A comparison as text for people. */
final class ComparisonTable {
  private final Comparison comparison;

  ComparisonTable(Comparison comparison) {
    this.comparison = comparison;
  }

  String text() {
    TextTable table = new TextTable("case", ">then", ">now", ">time", ">99 % interval", ">% roof then", ">now", "verdict");
    for (Comparison.Row row : comparison.rows()) {
      table.row(row.now().key().toString(), Numbers.time(row.old().samples().median()), Numbers.time(row.now().samples().median()),
          Numbers.change(row.shift().ratio()), interval(row.shift()), Numbers.percent(row.old().share()),
          Numbers.percent(row.now().share()),
          row.verdict().label());
    }
    StringBuilder out = new StringBuilder("compared with the report of " + comparison.old().machine().date() + "\n");
    comparison.notes().forEach(note -> out.append("note: ").append(note).append('\n'));
    out.append(table.text());
    list(out, "only in the earlier report", comparison.onlyOld());
    list(out, "only in this report", comparison.onlyNow());
    return out.append(summary(comparison)).append('\n').toString();
  }

  /** The number of cases of each verdict. */
  static String summary(Comparison comparison) {
    StringBuilder out = new StringBuilder();
    for (Comparison.Verdict verdict : Comparison.Verdict.values()) {
      out.append(out.isEmpty() ? "" : ", ").append(comparison.count(verdict)).append(' ').append(verdict.label());
    }
    return out.toString();
  }

  static String interval(Shift shift) {
    return shift.isKnown() ? Numbers.change(shift.low()) + " .. " + Numbers.change(shift.high()) : "-";
  }

  private static void list(StringBuilder out, String title, List<CaseKey> keys) {
    for (CaseKey key : keys) {
      out.append(title).append(": ").append(key).append('\n');
    }
  }
}
