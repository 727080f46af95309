package io.gllm.kernels.bench;

/** The colours of the style sheet, which has one set for light and one for dark paper. */
final class Palette {
  private static final int COLOURS = 8;

  private Palette() {}

  /** The class of the n-th thing that needs a colour. */
  static String of(int n) {
    return "c" + n % COLOURS;
  }

  /** A line of a legend. */
  static void entry(Html html, String colour, String text) {
    html.open("li").open("svg", "viewBox", "0 0 28 12", "aria-hidden", "true")
        .empty("rect", "class", colour, "x", "8", "y", "1", "width", "12", "height", "10").close().text(" " + text).close();
  }
}
