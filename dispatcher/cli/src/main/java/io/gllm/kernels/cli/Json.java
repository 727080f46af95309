package io.gllm.kernels.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Writes JSON text (RFC 8259), value by value. */
final class Json {
  private final StringBuilder text = new StringBuilder();
  private final Deque<Character> closing = new ArrayDeque<>();
  private boolean first = true;

  Json object() {
    return open('{', '}');
  }

  Json array() {
    return open('[', ']');
  }

  private Json open(char opening, char close) {
    separate();
    text.append(opening);
    closing.push(close);
    first = true;
    return this;
  }

  Json end() {
    text.append(closing.pop());
    first = false;
    return this;
  }

  Json name(String name) {
    separate();
    quote(name);
    text.append(':');
    first = true;
    return this;
  }

  Json value(String value) {
    separate();
    if (value == null) {
      text.append("null");
    } else {
      quote(value);
    }
    return this;
  }

  Json value(long value) {
    separate();
    text.append(value);
    return this;
  }

  Json value(boolean value) {
    separate();
    text.append(value);
    return this;
  }

  Json strings(List<String> values) {
    array();
    values.forEach(this::value);
    return end();
  }

  private void separate() {
    if (!first) {
      text.append(',');
    }
    first = false;
  }

  private void quote(String s) {
    text.append('"');
    for (int i = 0; i < s.length(); i++) {
      char c = s.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < ' ') {
        text.append(String.format("\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
