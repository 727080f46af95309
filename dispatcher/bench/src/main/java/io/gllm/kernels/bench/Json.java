package io.gllm.kernels.bench;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes maps, lists, strings, numbers, booleans and null as JSON (RFC 8259); numbers that are no JSON numbers become null. */
public final class Json {
  private final StringBuilder out = new StringBuilder();

  private Json() {}

  /** The text, indented by two spaces, keys in the order of the maps. */
  public static String text(Object value) {
    Json json = new Json();
    json.value(value, "\n");
    return json.out.append('\n').toString();
  }

  private void value(Object value, String newline) {
    switch (value) {
      case null -> out.append("null");
      case Map<?, ?> map -> object(map, newline);
      case List<?> list -> array(list, newline);
      case Double d when !Double.isFinite(d) -> out.append("null");
      case Number n -> out.append(n);
      case Boolean b -> out.append(b);
      default -> string(value.toString());
    }
  }

  private void object(Map<?, ?> map, String newline) {
    out.append('{');
    String inner = newline + "  ";
    for (Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator(); entries.hasNext();) {
      Map.Entry<?, ?> entry = entries.next();
      out.append(inner);
      string(entry.getKey().toString());
      out.append(": ");
      value(entry.getValue(), inner);
      out.append(entries.hasNext() ? "," : newline);
    }
    out.append('}');
  }

  /** Numbers and strings in one line, the rest one line each. */
  private void array(List<?> list, String newline) {
    boolean flat = list.stream().noneMatch(v -> v instanceof Map<?, ?> || v instanceof List<?>);
    String inner = flat ? "" : newline + "  ";
    out.append('[');
    for (int i = 0; i < list.size(); i++) {
      out.append(i == 0 ? inner : flat ? ", " : "," + inner);
      value(list.get(i), inner);
    }
    out.append(flat || list.isEmpty() ? "]" : newline + "]");
  }

  private void string(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || Character.isSurrogate(c) || c == 0x2028 || c == 0x2029) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
