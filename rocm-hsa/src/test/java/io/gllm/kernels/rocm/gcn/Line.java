package io.gllm.kernels.rocm.gcn;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An instruction's text in its parts.
 *
 * @param text the whole of it
 * @param opcode without the suffix of its encoding
 * @param operands what commas separate
 * @param modifiers what follows the operands: {@code offset:16}, {@code op_sel:[0,1]}, {@code glc}
 */
record Line(String text, String opcode, List<String> operands, Map<String, String> modifiers) {
  static Line parse(String text) {
    int space = text.indexOf(' ');
    String opcode = (space < 0 ? text : text.substring(0, space)).replaceAll("_(e32|e64|sdwa)$", "");
    List<String> operands = new ArrayList<>();
    Map<String, String> modifiers = new TreeMap<>();
    for (String piece : space < 0 ? List.<String>of() : pieces(text.substring(space + 1))) {
      String[] words = piece.strip().split(" ");
      operands.add(words[0]);
      for (int i = 1; i < words.length; i++) {
        int colon = words[i].indexOf(':');
        modifiers.put(colon < 0 ? words[i] : words[i].substring(0, colon), colon < 0 ? "" : words[i].substring(colon + 1));
      }
    }
    return new Line(text, opcode, operands, modifiers);
  }

  /** Splits at commas outside brackets. */
  private static List<String> pieces(String text) {
    List<String> pieces = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      depth += c == '[' || c == '(' ? 1 : c == ']' || c == ')' ? -1 : 0;
      if (c == ',' && depth == 0) {
        pieces.add(text.substring(start, i));
        start = i + 1;
      }
    }
    pieces.add(text.substring(start));
    return pieces;
  }
}
