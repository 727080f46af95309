package io.gllm.kernels.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.gguf.GgufFile;
import io.gllm.kernels.gguf.GgufWriter;
import io.gllm.kernels.gguf.SampleVocabularies;
import io.gllm.kernels.model.Expected;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BytePairTest {
  private static final String[] MERGES = {"t h", "th e", "\u0120 the", "i n", "a a", "aa aa", "in g", "\u00c3 \u00a9", "\u0120 \u0120"};

  @TempDir
  Path folder;

  private Tokenizer tokenizer(String pre, String... merges) {
    return tokenizer(SampleVocabularies.bytePairs(new GgufWriter(), pre, merges));
  }

  private Tokenizer tokenizer(GgufWriter writer) {
    try (GgufFile file = GgufFile.open(writer.write(folder.resolve("vocabulary.gguf")))) {
      return Tokenizer.of(file.metadata());
    }
  }

  @Test
  void bundledModelGivesTheExpectedIds() {
    try (GgufFile file = GgufFile.open(Expected.BUNDLED_MODEL)) {
      Tokenizer tokenizer = Tokenizer.of(file.metadata());
      assertEquals(512, tokenizer.vocabularySize());
      for (Expected expected : Expected.all()) {
        assertArrayEquals(expected.promptIds(), tokenizer.encode(expected.prompt(), true), expected.prompt());
        assertEquals(expected.prompt(), tokenizer.decode(expected.promptIds()));
        assertEquals(expected.text(), tokenizer.decode(expected.ids()), expected.prompt());
      }
    }
  }

  @Test
  void mergesInOrderOfRank() {
    Tokenizer tokenizer = tokenizer("gpt-2", MERGES);
    assertArrayEquals(new int[]{257, 258, 'x'}, tokenizer.encode("the thex", false));
    assertArrayEquals(new int[]{262}, tokenizer.encode("ing", false));
    assertArrayEquals(new int[]{261, 260, 'a'}, tokenizer.encode("aaaaaaa", false));
    assertArrayEquals(new int[]{263}, tokenizer.encode("\u00e9", false));
  }

  @Test
  void specialTokensAreAddedAndRecognised() {
    Tokenizer tokenizer = tokenizer("gpt-2", MERGES);
    int bos = 256 + MERGES.length;
    assertEquals(bos, tokenizer.bos());
    assertEquals(bos + 1, tokenizer.eos());
    assertEquals(bos + 1, tokenizer.eot());
    assertTrue(tokenizer.isEnd(bos + 1));
    assertFalse(tokenizer.isEnd(Tokenizer.NONE));
    assertArrayEquals(new int[]{bos, 'x'}, tokenizer.encode("x", true));
    assertArrayEquals(new int[]{bos}, tokenizer.encode("", true));
    assertArrayEquals(new int[]{'x', bos + 1, 'y'}, tokenizer.encode("x<|end|>y", false, true));
    assertEquals("x<|end|>y", tokenizer.decode(tokenizer.encode("x<|end|>y", false)));
    assertFalse(Arrays.stream(tokenizer.encode("x<|end|>y", false)).anyMatch(id -> id > bos), "control tokens only where allowed");
    assertArrayEquals(new int[]{'x', bos + 2}, tokenizer.encode("x<tool>", false));
    assertEquals("x<tool>", tokenizer.decode('x', bos + 2, bos + 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "llama-bpe", "dbrx", "qwen2", "smollm", "default"})
  void decodingInvertsEncoding(String pre) {
    Tokenizer tokenizer = tokenizer(pre, MERGES);
    Random random = new Random(1);
    for (int i = 0; i < 300; i++) {
      String text = randomText(random, random.nextInt(60));
      assertEquals(text, tokenizer.decode(tokenizer.encode(text, false)));
    }
  }

  private static String randomText(Random random, int length) {
    String alphabet = "aaathe ingTH'sS'L0123456789 \n\r\t\u00a0\u00e9\u4e2d\u0301,.!$<>-_";
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      if (random.nextInt(20) == 0) {
        text.appendCodePoint(0x1f600 + random.nextInt(50));
      }
    }
    return text.toString();
  }

  @Test
  void agreesWithTheNaiveAlgorithm() {
    Random random = new Random(2);
    for (int i = 0; i < 200; i++) {
      List<String> merges = randomMerges(random);
      Tokenizer tokenizer = tokenizer("gpt-2", merges.toArray(String[]::new));
      for (int j = 0; j < 10; j++) {
        StringBuilder word = new StringBuilder();
        for (int k = random.nextInt(40); k >= 0; k--) {
          word.append((char) ('a' + random.nextInt(3)));
        }
        assertArrayEquals(naive(word.toString(), merges), tokenizer.encode(word.toString(), false), () -> word + " with " + merges);
      }
    }
  }

  private static List<String> randomMerges(Random random) {
    List<String> tokens = new ArrayList<>(List.of("a", "b", "c"));
    List<String> merges = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      String left = tokens.get(random.nextInt(tokens.size()));
      String right = tokens.get(random.nextInt(tokens.size()));
      if (!tokens.contains(left + right)) {
        tokens.add(left + right);
        merges.add(left + " " + right);
      }
    }
    return merges;
  }

  /** The textbook loop: find the pair with the lowest rank, join its first occurrence, repeat. */
  private static int[] naive(String word, List<String> merges) {
    List<String> symbols = new ArrayList<>(word.chars().mapToObj(Character::toString).toList());
    for (int rank = 0; rank < merges.size(); rank++) {
      for (int i = 0; i + 1 < symbols.size(); i++) {
        if (merges.get(rank).equals(symbols.get(i) + " " + symbols.get(i + 1))) {
          symbols.set(i, symbols.get(i) + symbols.remove(i + 1));
          rank = -1;
          break;
        }
      }
    }
    List<String> joined = merges.stream().map(merge -> merge.replace(" ", "")).toList();
    return symbols.stream().mapToInt(s -> s.length() == 1 ? s.charAt(0) : 256 + joined.indexOf(s)).toArray();
  }

  @Test
  void streamsCharactersWhenTheyAreComplete() {
    Tokenizer tokenizer = tokenizer("gpt-2");
    TextStream stream = tokenizer.stream();
    byte[] bytes = "a\u00e9\u4e2d\ud83d\ude00".getBytes(StandardCharsets.UTF_8);
    StringBuilder pieces = new StringBuilder();
    for (byte b : bytes) {
      pieces.append(stream.add(b & 0xff)).append('|');
    }
    assertEquals("a||\u00e9|||\u4e2d||||\ud83d\ude00|", pieces.toString());
    assertEquals("", stream.end());
    assertEquals("", stream.add(0xf0));
    assertEquals("\uFFFDx", stream.add('x'));
    assertEquals("", stream.add(0xe4));
    assertEquals("\uFFFD", stream.end());
    assertEquals("y", stream.add('y'));
    assertThrows(IllegalArgumentException.class, () -> stream.add(4711));
    assertThrows(IllegalArgumentException.class, () -> tokenizer.decode(-1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "llama-bpe", "qwen2", "default"})
  void longTextsTakeLinearTime(String pre) {
    Tokenizer tokenizer = tokenizer(pre, MERGES);
    for (String unit : List.of("a", " ", "\n", " \n", "'", "1", "the ", "<", "\u4e2d", "!\r", "'s")) {
      String text = unit.repeat(400_000 / unit.length());
      int[] ids = assertTimeout(Duration.ofSeconds(10), () -> tokenizer.encode(text, false), () -> "'" + unit + "'");
      assertEquals(text, tokenizer.decode(ids));
    }
  }

  @Test
  void textThatTheVocabularyCannotExpressIsAnError() {
    GgufWriter writer = new GgufWriter().string("tokenizer.ggml.model", "gpt2").strings("tokenizer.ggml.tokens", "a")
        .strings("tokenizer.ggml.merges");
    Tokenizer tokenizer = tokenizer(writer);
    assertArrayEquals(new int[]{0, 0}, tokenizer.encode("aa", true));
    assertTrue(assertThrows(RuntimeException.class, () -> tokenizer.encode("ab", true)).getMessage().contains("0x62"));
  }
}
