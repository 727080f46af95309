package io.gllm.kernels.bench;

/** A table of a page. A title that begins with {@code >} is of a column of numbers. */
final class HtmlTable {
  private final Html html;
  private final String[] titles;
  private String mark = "";

  HtmlTable(Html html, String... titles) {
    this.html = html;
    this.titles = titles;
    html.open("div", "class", "scroll").open("table").open("thead").open("tr");
    for (int i = 0; i < titles.length; i++) {
      html.leaf("th", isNumber(i) ? titles[i].substring(1) : titles[i], "scope", "col", "class", type(i));
    }
    html.close().close().open("tbody");
  }

  private boolean isNumber(int column) {
    return titles[column].startsWith(">");
  }

  private String type(int column) {
    return isNumber(column) ? "number" : "";
  }

  /** The class of the last cell of the next rows. */
  void mark(String type) {
    mark = type;
  }

  /** Adds a row; the last of fewer cells than columns takes the rest of them. */
  void row(String... cells) {
    html.open("tr");
    for (int i = 0; i < cells.length; i++) {
      boolean last = i == cells.length - 1;
      if (last && cells.length < titles.length) {
        html.leaf("td", cells[i], "colspan", Integer.toString(titles.length - i));
      } else {
        html.leaf("td", cells[i], "class", last && !mark.isEmpty() ? mark : type(i));
      }
    }
    html.close();
  }

  void end() {
    html.close().close().close();
  }
}
