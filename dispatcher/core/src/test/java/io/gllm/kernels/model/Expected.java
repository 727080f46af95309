package io.gllm.kernels.model;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What the bundled model, in f32, answers to a prompt when it is decoded greedily, from an independent implementation.
 *
 * @param prompt the prompt
 * @param promptIds its token ids
 * @param ids the ids of the continuation, the end of text included
 * @param text the text of the continuation
 * @param logits the logits from which the first token was chosen
 */
public record Expected(String prompt, int[] promptIds, int[] ids, String text, float[] logits) {
  /** The model that comes with the command line. */
  public static final Path BUNDLED_MODEL = Path.of("..", "cli", "src", "main", "resources", "META-INF", "gllm", "models", "tiny-q8_0.gguf");

  /** All five prompts. */
  public static List<Expected> all() {
    try (BufferedReader reader = new BufferedReader(
        new InputStreamReader(Expected.class.getResourceAsStream("expected.tsv"), StandardCharsets.UTF_8))) {
      return reader.lines().filter(line -> !line.startsWith("#")).map(Expected::parse).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Expected parse(String line) {
    String[] cells = line.split("\t", -1);
    String[] logits = cells[4].split(" ");
    float[] numbers = new float[logits.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Float.parseFloat(logits[i]);
    }
    return new Expected(cells[0], integers(cells[1]), integers(cells[2]), cells[3], numbers);
  }

  private static int[] integers(String cell) {
    return Arrays.stream(cell.split(" ")).mapToInt(Integer::parseInt).toArray();
  }
}
