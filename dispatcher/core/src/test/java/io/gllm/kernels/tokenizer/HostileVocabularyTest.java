package io.gllm.kernels.tokenizer;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.gguf.GgufException;
import io.gllm.kernels.gguf.GgufFile;
import io.gllm.kernels.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostileVocabularyTest {
  @TempDir
  Path folder;

  private void rejected(String part, GgufWriter writer) {
    try (GgufFile file = GgufFile.open(writer.write(folder.resolve("vocabulary.gguf")))) {
      GgufException e = assertThrows(GgufException.class, () -> Tokenizer.of(file.metadata()));
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
  }

  private static GgufWriter gpt2() {
    return new GgufWriter().string("tokenizer.ggml.model", "gpt2").strings("tokenizer.ggml.tokens", "a", "b", "ab");
  }

  private static GgufWriter llama() {
    return new GgufWriter().string("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", "a", "b", "ab");
  }

  @Test
  void missingParts() {
    rejected("'tokenizer.ggml.model' is missing", new GgufWriter());
    rejected("'tokenizer.ggml.tokens' is missing", new GgufWriter().string("tokenizer.ggml.model", "gpt2"));
    rejected("'tokenizer.ggml.merges' is missing", gpt2());
    rejected("'tokenizer.ggml.scores' is missing", llama());
    rejected("supported are gpt2 and llama",
        new GgufWriter().string("tokenizer.ggml.model", "bert").strings("tokenizer.ggml.tokens", "a"));
    rejected("'tokenizer.ggml.bos_token_id' is missing", llama().floats("tokenizer.ggml.scores", 1, 2, 3));
    rejected("'tokenizer.ggml.eos_token_id' is missing",
        gpt2().strings("tokenizer.ggml.merges").bool("tokenizer.ggml.add_eos_token", true));
  }

  @Test
  void wrongLengths() {
    rejected("has 0 tokens", new GgufWriter().string("tokenizer.ggml.model", "gpt2").strings("tokenizer.ggml.tokens"));
    rejected("has 2 elements for 3 tokens", llama().floats("tokenizer.ggml.scores", 1, 2));
    rejected("has 4 elements for 3 tokens", gpt2().integers("tokenizer.ggml.token_type", 1, 1, 1, 1));
  }

  @Test
  void wrongValues() {
    rejected("expected 0 to 2", gpt2().strings("tokenizer.ggml.merges").u32("tokenizer.ggml.bos_token_id", 3));
    rejected("expected 0 to 2", gpt2().strings("tokenizer.ggml.merges").u32("tokenizer.ggml.eot_token_id", -1));
    rejected("expected an integer", gpt2().strings("tokenizer.ggml.merges").string("tokenizer.ggml.eos_token_id", "2"));
    rejected("unknown type 7", gpt2().integers("tokenizer.ggml.token_type", 1, 7, 1));
    rejected("element 1 = NaN", llama().floats("tokenizer.ggml.scores", 1, Float.NaN, 3));
    rejected("expected a text like <0x0A>",
        llama().floats("tokenizer.ggml.scores", 1, 2, 3).integers("tokenizer.ggml.token_type", 1, 6, 1));
    rejected("names pre-tokenizer 'x'", gpt2().strings("tokenizer.ggml.merges").string("tokenizer.ggml.pre", "x"));
  }

  @Test
  void wrongMerges() {
    rejected("'ab', which is no pair", gpt2().strings("tokenizer.ggml.merges", "ab"));
    rejected("'', which is no pair", gpt2().strings("tokenizer.ggml.merges", ""));
    rejected("'ba', which is no token", gpt2().strings("tokenizer.ggml.merges", "a b", "b a"));
    rejected("'', which is no token", gpt2().strings("tokenizer.ggml.merges", "ab "));
    rejected("merges for 3 tokens", gpt2().strings("tokenizer.ggml.merges", Collections.nCopies(400, "a b").toArray(String[]::new)));
  }

  @Test
  void endlessSpecialTokens() {
    rejected("special token 1", new GgufWriter().string("tokenizer.ggml.model", "gpt2")
        .strings("tokenizer.ggml.tokens", "a", "x".repeat(2000)).integers("tokenizer.ggml.token_type", 1, 4)
        .strings("tokenizer.ggml.merges"));
  }
}
