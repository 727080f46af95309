package io.gllm.kernels.tokenizer;

import io.gllm.kernels.gguf.GgufMetadata;
import java.util.HashMap;
import java.util.Map;

/** Finds tokens that are matched as whole texts, the longest at the leftmost place, in time linear in the text. */
final class SpecialTokens {
  /** Bounds the work for each place of a text. */
  private static final int MAX_LENGTH = 1024;

  /** Bounds the memory of the tree: real vocabularies have a few thousand characters here. */
  private static final int MAX_TOTAL = 1 << 20;

  private static final int ABSENT = -1;

  private final Vocabulary vocabulary;
  private final Node root = new Node();

  private static final class Node {
    private final Map<Character, Node> children = new HashMap<>(2);
    private int id = ABSENT;
  }

  SpecialTokens(GgufMetadata metadata, Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    int total = 0;
    for (int id = 0; id < vocabulary.size(); id++) {
      String text = vocabulary.text(id);
      if (isSpecial(vocabulary.type(id)) && !text.isEmpty()) {
        if (text.length() > MAX_LENGTH) {
          throw metadata.invalid("tokenizer.ggml.tokens", "has special token " + id + " of " + text.length() + " characters");
        }
        total += text.length();
        if (total > MAX_TOTAL) {
          throw metadata.invalid("tokenizer.ggml.tokens", "has special tokens of more than " + MAX_TOTAL + " characters in all");
        }
        add(text, id);
      }
    }
  }

  private static boolean isSpecial(TokenType type) {
    return type == TokenType.USER_DEFINED || type == TokenType.CONTROL || type == TokenType.UNKNOWN;
  }

  private void add(String text, int id) {
    Node node = root;
    for (int i = 0; i < text.length(); i++) {
      node = node.children.computeIfAbsent(text.charAt(i), c -> new Node());
    }
    node.id = id;
  }

  /** The longest special token at {@code start}, or -1; only user-defined ones unless {@code all}. */
  int at(String text, int start, boolean all) {
    int found = ABSENT;
    Node node = root.children.get(text.charAt(start));
    for (int i = start + 1; node != null; i++) {
      if (node.id >= 0 && (all || vocabulary.type(node.id) == TokenType.USER_DEFINED)) {
        found = node.id;
      }
      node = i < text.length() ? node.children.get(text.charAt(i)) : null;
    }
    return found;
  }
}
