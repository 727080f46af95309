package io.gllm.kernels.tokenizer;

import io.gllm.kernels.gguf.GgufMetadata;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The tokens of a model: text, type and the ids with a meaning, checked against each other. */
final class Vocabulary {
  /** Eight times the largest vocabulary in use; bounds what a hostile file can make us allocate. */
  private static final int MAX_TOKENS = 1 << 21;

  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final String TYPES = "tokenizer.ggml.token_type";

  private final GgufMetadata metadata;
  private final String[] texts;
  private final TokenType[] types;
  private final Map<String, Integer> ids;

  Vocabulary(GgufMetadata metadata) {
    this.metadata = metadata;
    long count = metadata.arrayLength(TOKENS);
    if (count < 1 || count > MAX_TOKENS) {
      throw metadata.invalid(TOKENS, "has " + count + " tokens, expected 1 to " + MAX_TOKENS);
    }
    this.texts = metadata.strings(TOKENS);
    this.types = readTypes();
    this.ids = HashMap.newHashMap(texts.length);
    for (int id = 0; id < texts.length; id++) {
      ids.put(texts[id], id);
    }
  }

  private TokenType[] readTypes() {
    TokenType[] result = new TokenType[texts.length];
    Arrays.fill(result, TokenType.NORMAL);
    if (metadata.contains(TYPES)) {
      requireSameLength(TYPES);
      int[] numbers = metadata.integers(TYPES);
      for (int id = 0; id < numbers.length; id++) {
        result[id] = TokenType.byId(numbers[id]);
        if (result[id] == null) {
          throw metadata.invalid(TYPES, "has unknown type " + numbers[id] + " for token " + id);
        }
      }
    }
    return result;
  }

  /** Scores of all tokens. */
  float[] scores(String key) {
    requireSameLength(key);
    return metadata.reals(key);
  }

  private void requireSameLength(String key) {
    if (metadata.arrayLength(key) != texts.length) {
      throw metadata.invalid(key, "has " + metadata.arrayLength(key) + " elements for " + texts.length + " tokens");
    }
  }

  int size() {
    return texts.length;
  }

  String text(int id) {
    return texts[requireToken(id)];
  }

  TokenType type(int id) {
    return types[requireToken(id)];
  }

  private int requireToken(int id) {
    if (id < 0 || id >= texts.length) {
      throw new IllegalArgumentException("token " + id + " is outside the vocabulary of " + texts.length);
    }
    return id;
  }

  /** The id of the token with this text, or -1. */
  int id(String text) {
    Integer id = ids.get(text);
    return id == null ? -1 : id;
  }

  /** The id of the token with this text if text may become it, or -1: control tokens and bytes are never made from text. */
  int ordinaryId(String text) {
    int id = id(text);
    return id < 0 || types[id] == TokenType.CONTROL || types[id] == TokenType.UNKNOWN || types[id] == TokenType.BYTE ? -1 : id;
  }

  /** The token id in the metadata, checked, or {@code otherwise} if there is none. */
  int special(String key, int otherwise) {
    return metadata.integerIn(key, 0, texts.length - 1, otherwise);
  }

  /** The first of these texts that is a control token, or -1. */
  int controlToken(String... candidates) {
    for (String candidate : candidates) {
      int id = id(candidate);
      if (id >= 0 && types[id] == TokenType.CONTROL) {
        return id;
      }
    }
    return -1;
  }
}
