package io.gllm.kernels.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PreTokenizerTest {
  private static void splits(PreTokenizer words, String text, String... expected) {
    List<String> found = new ArrayList<>();
    words.words(text, found::add);
    assertEquals(List.of(expected), found);
  }

  @Test
  void gpt2() {
    splits(PreTokenizer.GPT2, "Hello world's  test", "Hello", " world", "'s", " ", " test");
    splits(PreTokenizer.GPT2, "I'LL 12345!? x\t\ny  ", "I", "'", "LL", " 12345", "!?", " x", "\t", "\n", "y", "  ");
    splits(PreTokenizer.GPT2, "\u00a0\u00e9\u0301\u4e2d1\ud83d\ude00", "\u00a0", "\u00e9", "\u0301", "\u4e2d", "1", "\ud83d\ude00");
  }

  @Test
  void llama3() {
    splits(PreTokenizer.LLAMA3, "I'M 12345\n\n  x", "I", "'M", " ", "123", "45", "\n\n", " ", " x");
    splits(PreTokenizer.LLAMA3, "(word) !?\n\n", "(word", ")", " !?\n\n");
    splits(PreTokenizer.LLAMA3, "a \n b\t", "a", " \n", " b", "\t");
  }

  @Test
  void qwen2() {
    splits(PreTokenizer.QWEN2, "it's 2024", "it", "'s", " ", "2", "0", "2", "4");
  }

  @Test
  void smollm() {
    splits(PreTokenizer.SMOLLM, "in 42", "in", " ", "4", "2");
  }

  @Test
  void defaultCutsPunctuationFirst() {
    splits(PreTokenizer.DEFAULT, "a, b's 12345", "a", ",", " b", "'", "s", " ", "123", "45");
  }
}
