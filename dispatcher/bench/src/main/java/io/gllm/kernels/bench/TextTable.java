package io.gllm.kernels.bench;

import java.util.ArrayList;
import java.util.List;

/** Columns as wide as their widest cell. A title that begins with {@code >} is of a column of numbers, which end at the same place. */
final class TextTable {
  private final boolean[] numbers;
  private final int[] widths;
  private final List<String[]> rows = new ArrayList<>();

  TextTable(String... titles) {
    numbers = new boolean[titles.length];
    widths = new int[titles.length];
    String[] cells = new String[titles.length];
    for (int i = 0; i < titles.length; i++) {
      numbers[i] = titles[i].startsWith(">");
      cells[i] = numbers[i] ? titles[i].substring(1) : titles[i];
    }
    row(cells);
  }

  /** Adds a row; the last of fewer cells than columns goes on to the end of the line. */
  void row(String... cells) {
    rows.add(cells);
    for (int i = 0; i < cells.length; i++) {
      if (cells.length == widths.length || i < cells.length - 1) {
        widths[i] = Math.max(widths[i], cells[i].length());
      }
    }
  }

  String text() {
    StringBuilder out = new StringBuilder();
    for (String[] cells : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < cells.length; i++) {
        boolean whole = cells.length < widths.length && i == cells.length - 1;
        String padding = " ".repeat(whole ? 0 : widths[i] - cells[i].length());
        line.append(i == 0 ? "" : "  ").append(numbers[i] && !whole ? padding + cells[i] : cells[i] + padding);
      }
      out.append(line.toString().stripTrailing()).append('\n');
    }
    return out.toString();
  }
}
