package io.gllm.kernels.tokenizer;

import io.gllm.kernels.gguf.GgufException;
import io.gllm.kernels.gguf.GgufMetadata;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * SentencePiece byte-pair encoding, the {@code llama} model of GGUF files (Kudo and Richardson, 2018): neighbours whose joined text
 * is a token are joined, the highest score first. Spaces are written U+2581; characters without a token become byte tokens.
 */
final class SentencePieceCodec implements TokenCodec {
  private static final String SCORES = "tokenizer.ggml.scores";
  private static final char SPACE = '\u2581';

  private final String file;
  private final Vocabulary vocabulary;
  private final int[] orders;
  private final int[] byteIds = new int[256];
  private final int unknown;
  private final int longest;
  private final boolean addsSpace;

  SentencePieceCodec(GgufMetadata metadata, Vocabulary vocabulary) {
    this.file = metadata.file();
    this.vocabulary = vocabulary;
    this.orders = orders(vocabulary.scores(SCORES));
    this.unknown = vocabulary.special("tokenizer.ggml.unknown_token_id", -1);
    this.addsSpace = metadata.bool("tokenizer.ggml.add_space_prefix", true);
    int length = 0;
    Arrays.fill(byteIds, -1);
    for (int id = 0; id < vocabulary.size(); id++) {
      length = Math.max(length, vocabulary.text(id).length());
      if (vocabulary.type(id) == TokenType.BYTE) {
        byteIds[byteOf(metadata, id)] = id;
      }
    }
    this.longest = length;
  }

  /** For each token its place among the scores, highest first; equal scores share a place. */
  private static int[] orders(float[] scores) {
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    int[] orders = new int[scores.length];
    for (int id = 0; id < scores.length; id++) {
      orders[id] = scores.length - 1 - firstIndexOf(sorted, scores[id] + 0f);
    }
    return orders;
  }

  private static int firstIndexOf(float[] sorted, float score) {
    int low = 0;
    for (int high = sorted.length; low < high;) {
      int middle = low + high >>> 1;
      if (sorted[middle] < score) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private int byteOf(GgufMetadata metadata, int id) {
    String text = vocabulary.text(id);
    if (!text.matches("<0x[0-9A-Fa-f]{2}>")) {
      throw metadata.invalid("tokenizer.ggml.tokens", "has byte token " + id + " '" + text + "', expected a text like <0x0A>");
    }
    return Integer.parseInt(text, 3, 5, 16);
  }

  @Override
  public void encode(String text, boolean first, IntList ids) {
    String spelled = (addsSpace && first ? " " + text : text).replace(' ', SPACE);
    SymbolChain chain = new SymbolChain();
    for (int start = 0; start < spelled.length();) {
      int end = start + Character.charCount(spelled.codePointAt(start));
      chain.add(vocabulary.ordinaryId(spelled.substring(start, end)), start, end);
      start = end;
    }
    chain.joinAll((symbols, left, right) -> join(spelled, symbols.start(left), symbols.end(right)));
    for (int symbol = chain.first(); symbol >= 0; symbol = chain.next(symbol)) {
      if (chain.id(symbol) >= 0) {
        ids.add(chain.id(symbol));
      } else {
        addBytes(spelled.substring(chain.start(symbol), chain.end(symbol)), ids);
      }
    }
  }

  private long join(String text, int start, int end) {
    int id = end - start > longest ? -1 : vocabulary.ordinaryId(text.substring(start, end));
    return id < 0 ? SymbolChain.NONE : (long) orders[id] << 32 | id;
  }

  private void addBytes(String character, IntList ids) {
    for (byte b : character.getBytes(StandardCharsets.UTF_8)) {
      int id = byteIds[b & 0xff] >= 0 ? byteIds[b & 0xff] : unknown;
      if (id < 0) {
        throw new GgufException(file, -1, "the vocabulary has no token for '" + character + "', no byte tokens and no unknown token");
      }
      ids.add(id);
    }
  }

  @Override
  public byte[] bytes(int id) {
    String text = vocabulary.text(id);
    return switch (vocabulary.type(id)) {
      case BYTE -> new byte[]{(byte) Integer.parseInt(text, 3, 5, 16)};
      case USER_DEFINED -> text.getBytes(StandardCharsets.UTF_8);
      default -> text.replace(SPACE, ' ').getBytes(StandardCharsets.UTF_8);
    };
  }

  @Override
  public boolean addsSpace() {
    return addsSpace;
  }
}
