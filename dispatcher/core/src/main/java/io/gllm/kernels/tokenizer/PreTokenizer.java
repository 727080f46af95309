package io.gllm.kernels.tokenizer;

import io.gllm.kernels.gguf.GgufMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How text is cut into words before byte pairs are merged; merges never cross words. The patterns are those of the models' own
 * tokenizers. All of them are alternatives of single character classes, each repeated greedily, so matching takes linear time and
 * no stack. What lies between matches is a word as well.
 */
enum PreTokenizer {
  /** GPT-2 and its relatives. */
  GPT2(false, false, List.of("gpt-2", "gpt2", "phi-2", "olmo", "mpt", "jais"), Patterns.GPT2),

  /** Llama 3: contractions in either case, at most three digits. Words that are tokens are not split. */
  LLAMA3(true, true, List.of("llama-bpe", "llama3", "llama-v3"), Patterns.llama3("\\p{N}{1,3}")),

  /** As Llama 3, but all merges count. */
  DBRX(false, false, List.of("dbrx", "smaug-bpe"), Patterns.llama3("\\p{N}{1,3}")),

  /** Qwen 2 and StableLM 2: one digit at a time. */
  QWEN2(false, false, List.of("qwen2", "stablelm2", "deepseek-r1-qwen"), Patterns.llama3("\\p{N}")),

  /** SmolLM and StarCoder: single digits, then as GPT-2. */
  SMOLLM(false, false, List.of("smollm", "starcoder", "refact", "command-r"), "\\p{N}", Patterns.GPT2),

  /** What files mean that name no pre-tokenizer: punctuation, then as GPT-2, then numbers in threes. */
  DEFAULT(false, false, List.of("default"), "[\\p{P}$+<=>^~|]+", Patterns.GPT2, "\\p{N}+", "[0-9][0-9][0-9]");

  private static final String KEY = "tokenizer.ggml.pre";

  private final boolean addsBos;
  private final boolean keepsWholeWords;
  private final List<String> names;
  private final List<Pattern> patterns;

  PreTokenizer(boolean addsBos, boolean keepsWholeWords, List<String> names, String... patterns) {
    this.addsBos = addsBos;
    this.keepsWholeWords = keepsWholeWords;
    this.names = names;
    this.patterns = Arrays.stream(patterns).map(Pattern::compile).toList();
  }

  /** Texts of the patterns; white space is the Unicode property, as in the original tokenizers. */
  private static final class Patterns {
    static final String SPACE = "\\p{IsWhite_Space}";
    static final String TRAILING = SPACE + "+(?!\\P{IsWhite_Space})|" + SPACE + "+";
    static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" + SPACE + "\\p{L}\\p{N}]+|" + TRAILING;

    static String llama3(String digits) {
      return "'(?i:s|t|re|ve|m|ll|d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + digits + "| ?[^" + SPACE + "\\p{L}\\p{N}]+[\\r\\n]*|" + SPACE
          + "*[\\r\\n]+|" + TRAILING;
    }
  }

  /** The one that a file names; {@link #DEFAULT} if it names none, an error if the name is unknown. */
  static PreTokenizer of(GgufMetadata metadata) {
    String name = metadata.string(KEY, "default");
    List<String> known = new ArrayList<>();
    for (PreTokenizer candidate : values()) {
      if (candidate.names.contains(name)) {
        return candidate;
      }
      known.addAll(candidate.names);
    }
    throw metadata.invalid(KEY, "names pre-tokenizer '" + name + "'; supported are " + known);
  }

  /** Whether texts start with BOS unless the file says otherwise. */
  boolean addsBos() {
    return addsBos;
  }

  /** Whether a word that is a token is taken whole, whatever the merges say. */
  boolean keepsWholeWords() {
    return keepsWholeWords;
  }

  void words(String text, Consumer<String> consumer) {
    split(text, 0, consumer);
  }

  private void split(String text, int stage, Consumer<String> consumer) {
    if (stage == patterns.size()) {
      consumer.accept(text);
      return;
    }
    Matcher matcher = patterns.get(stage).matcher(text);
    int end = 0;
    while (matcher.find()) {
      if (matcher.start() > end) {
        split(text.substring(end, matcher.start()), stage + 1, consumer);
      }
      split(matcher.group(), stage + 1, consumer);
      end = matcher.end();
    }
    if (end < text.length()) {
      split(text.substring(end), stage + 1, consumer);
    }
  }
}
