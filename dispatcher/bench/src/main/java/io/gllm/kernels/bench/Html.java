package io.gllm.kernels.bench;

import java.util.ArrayDeque;
import java.util.Deque;

/** Writes HTML with SVG in it. Text and attributes may come from anywhere: all that could mean something is escaped. */
final class Html {
  private final StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");
  private final Deque<String> open = new ArrayDeque<>();

  /** Opens an element with attributes: name, value, name, value. */
  Html open(String tag, String... attributes) {
    start(tag, attributes);
    out.append('>');
    open.push(tag);
    return this;
  }

  /** Closes the element that was opened last. */
  Html close() {
    out.append("</").append(open.pop()).append(">\n");
    return this;
  }

  /** An element with text alone. */
  Html leaf(String tag, String text, String... attributes) {
    return open(tag, attributes).text(text).close();
  }

  /** A shape of SVG, or an element of HTML that has no end. */
  Html empty(String tag, String... attributes) {
    start(tag, attributes);
    out.append("/>\n");
    return this;
  }

  private void start(String tag, String... attributes) {
    out.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      text(attributes[i + 1]).out.append('"');
    }
  }

  Html text(String text) {
    text.codePoints().forEach(c -> {
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        default -> out.appendCodePoint(isText(c) ? c : 0xfffd);
      }
    });
    return this;
  }

  /** No control characters and no halves of characters. */
  private static boolean isText(int c) {
    return !Character.isISOControl(c) && (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) && (c & 0xfffe) != 0xfffe;
  }

  /** Our own style sheet, as it is. */
  Html style(String css) {
    out.append("<style>\n").append(css).append("</style>\n");
    return this;
  }

  /** The page, in which every element is closed. */
  String page() {
    while (!open.isEmpty()) {
      close();
    }
    return out.toString();
  }
}
