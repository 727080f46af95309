package io.gllm.kernels.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.gllm.kernels.gguf.GgufException;
import io.gllm.kernels.gguf.GgufFile;
import io.gllm.kernels.gguf.GgufWriter;
import io.gllm.kernels.gguf.SampleVocabularies;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SentencePieceTest {
  private static final String[] PIECES = {"\u2581t", "he", "\u2581the", "in", "\u2581", "t", "h", "e", "i", "n", "\u00e9", "s>", "<", "s",
    ">"};
  private static final int FIRST = 3 + 256;

  @TempDir
  Path folder;

  private Tokenizer tokenizer(GgufWriter writer) {
    try (GgufFile file = GgufFile.open(writer.write(folder.resolve("vocabulary.gguf")))) {
      return Tokenizer.of(file.metadata());
    }
  }

  private Tokenizer tokenizer() {
    return tokenizer(SampleVocabularies.sentencePieces(new GgufWriter(), true, PIECES));
  }

  private static int id(String piece) {
    return FIRST + List.of(PIECES).indexOf(piece);
  }

  @Test
  void joinsTheHighestScoreFirst() {
    Tokenizer tokenizer = tokenizer();
    assertArrayEquals(new int[]{1, id("\u2581the")}, tokenizer.encode("the", true));
    assertArrayEquals(new int[]{id("\u2581"), id("in"), id("\u2581the")}, tokenizer.encode("in the", false));
    assertArrayEquals(new int[]{id("\u2581"), id("he"), id("he")}, tokenizer.encode("hehe", false));
    assertArrayEquals(new int[]{1}, tokenizer.encode("", true));
  }

  @Test
  void equalScoresJoinTheLeftmostPair() {
    String[] pieces = {"aa", "a", "\u2581"};
    Tokenizer tokenizer = tokenizer(SampleVocabularies.sentencePieces(new GgufWriter(), true, pieces));
    assertArrayEquals(new int[]{FIRST + 2, FIRST, FIRST, FIRST + 1}, tokenizer.encode("aaaaa", false));
  }

  @Test
  void unknownCharactersBecomeBytes() {
    Tokenizer tokenizer = tokenizer();
    assertArrayEquals(new int[]{id("\u2581"), 3 + 0xe4, 3 + 0xb8, 3 + 0xad, id("e")}, tokenizer.encode("\u4e2de", false));
    assertArrayEquals(new int[]{id("\u2581"), id("\u00e9"), 3 + '\n'}, tokenizer.encode("\u00e9\n", false));
    assertEquals("\u4e2de", tokenizer.decode(tokenizer.encode("\u4e2de", true)));
    TextStream stream = tokenizer.stream();
    assertEquals("", stream.add(3 + 0xe4));
    assertEquals("", stream.add(3 + 0xb8));
    assertEquals("\u4e2d", stream.add(3 + 0xad));
  }

  @Test
  void withoutByteTokensTheUnknownTokenStandsIn() {
    Tokenizer tokenizer = tokenizer(SampleVocabularies.sentencePieces(new GgufWriter(), false, "\u2581", "e"));
    assertArrayEquals(new int[]{3, 0, 0, 0, 4}, tokenizer.encode("\u4e2de", false));
    GgufWriter bare = new GgufWriter().string("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", "a")
        .floats("tokenizer.ggml.scores", 0).bool("tokenizer.ggml.add_bos_token", false).bool("tokenizer.ggml.add_space_prefix", false);
    Tokenizer tiny = tokenizer(bare);
    assertArrayEquals(new int[]{0, 0}, tiny.encode("aa", true));
    assertThrows(GgufException.class, () -> tiny.encode("b", true));
  }

  @Test
  void controlTokensAreNotMadeFromText() {
    Tokenizer tokenizer = tokenizer();
    assertArrayEquals(new int[]{id("\u2581"), id("<"), id("s>")}, tokenizer.encode("<s>", false));
    assertArrayEquals(new int[]{1, id("\u2581the")}, tokenizer.encode("<s>the", false, true));
    assertEquals(2, tokenizer.eos());
  }

  @Test
  void decodingTakesTheAddedSpaceAway() {
    Tokenizer tokenizer = tokenizer();
    for (String text : List.of("the hen", "  in", "h\u4e2d\ud83d\ude00 \t", "")) {
      assertEquals(text, tokenizer.decode(tokenizer.encode(text, true)));
    }
    assertEquals(" the", tokenizer.stream().add(id("\u2581the")));
    assertEquals("<unk>", tokenizer.token(0));
    assertEquals("", tokenizer.decode(0, 1, 2));
  }

  @Test
  void longTextsTakeLinearTime() {
    Tokenizer tokenizer = tokenizer();
    for (String unit : List.of("the ", "h", " ", "\u4e2d", "he")) {
      String text = unit.repeat(400_000 / unit.length());
      int[] ids = assertTimeout(Duration.ofSeconds(10), () -> tokenizer.encode(text, false));
      assertEquals(text, tokenizer.decode(ids));
    }
  }
}
