package io.gllm.kernels.gguf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Small vocabularies of both kinds, as metadata. */
public final class SampleVocabularies {
  private SampleVocabularies() {}

  /** The characters that spell the 256 bytes, written down independently of the library. */
  private static List<String> byteAlphabet() {
    List<String> chars = new ArrayList<>();
    int other = 0;
    for (int b = 0; b < 256; b++) {
      boolean printable = b > 32 && b < 127 || b > 160 && b != 173;
      chars.add(Character.toString(printable ? b : 256 + other++));
    }
    return chars;
  }

  /**
   * A byte-level vocabulary: the 256 bytes, the results of the merges in their order, then {@code <|begin|>}, {@code <|end|>} (control)
   * and {@code <tool>} (user-defined).
   */
  public static GgufWriter bytePairs(GgufWriter writer, String pre, String... merges) {
    List<String> tokens = byteAlphabet();
    for (String merge : merges) {
      tokens.add(merge.replace(" ", ""));
    }
    int[] types = new int[tokens.size() + 3];
    Arrays.fill(types, 1);
    tokens.addAll(List.of("<|begin|>", "<|end|>", "<tool>"));
    types[types.length - 3] = 3;
    types[types.length - 2] = 3;
    types[types.length - 1] = 4;
    return writer.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.pre", pre)
        .strings("tokenizer.ggml.tokens", tokens.toArray(String[]::new)).strings("tokenizer.ggml.merges", merges)
        .integers("tokenizer.ggml.token_type", types).u32("tokenizer.ggml.bos_token_id", tokens.size() - 3)
        .u32("tokenizer.ggml.eos_token_id", tokens.size() - 2).bool("tokenizer.ggml.add_bos_token", true);
  }

  /** A SentencePiece vocabulary: unknown, BOS, EOS, the 256 bytes, then the given pieces with scores -1, -2, ... */
  public static GgufWriter sentencePieces(GgufWriter writer, boolean withBytes, String... pieces) {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    List<Integer> types = new ArrayList<>(List.of(2, 3, 3));
    for (int b = 0; withBytes && b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
      types.add(6);
    }
    int first = tokens.size();
    for (String piece : pieces) {
      tokens.add(piece);
      types.add(1);
    }
    float[] scores = new float[tokens.size()];
    for (int id = first; id < scores.length; id++) {
      scores[id] = first - 1 - id;
    }
    return writer.string("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", tokens.toArray(String[]::new))
        .floats("tokenizer.ggml.scores", scores).integers("tokenizer.ggml.token_type", types.stream().mapToInt(i -> i).toArray())
        .u32("tokenizer.ggml.unknown_token_id", 0).u32("tokenizer.ggml.bos_token_id", 1).u32("tokenizer.ggml.eos_token_id", 2);
  }
}
