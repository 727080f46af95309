package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gllm.kernels.cuda.StandInGpu;
import io.gllm.kernels.model.Expected;
import io.gllm.kernels.model.GenerationOptions;
import io.gllm.kernels.model.LlamaModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The reference models through the CUDA backend, on the stand-in for the driver: the bits and tokens of the CPU. The PTX interpreter is
 * slow, so only a short prompt and few tokens by default; {@code -Dgllm.models.full=true} runs 24 tokens of all five prompts.
 */
class CudaModelsStandInTest {
  private static final Path FOLDER = Path.of(System.getProperty("gllm.models", "../../../shared/models"));
  private static final boolean FULL = Boolean.getBoolean("gllm.models.full");
  private static final int TOKENS = FULL ? 24 : 3;
  private static final int PROMPT = 2;

  private static StandInGpu gpu;
  private static KernelDispatcher there;
  private static KernelDispatcher here;

  @BeforeAll
  static void open() {
    gpu = new StandInGpu();
    there = new KernelDispatcher.Builder(Map.of("cuda", gpu)).backend("cuda").strict().create();
    here = KernelDispatcher.builder().backend("cpu").create();
  }

  @AfterAll
  static void close() {
    if (there != null) {
      there.close();
      here.close();
      assertEquals(List.of(), gpu.misuse());
    }
  }

  private static Path file(String format) {
    Path file = FOLDER.resolve("tiny-" + format + ".gguf");
    assumeTrue(Files.exists(file), () -> "there is no " + file.toAbsolutePath().normalize() + "; name its folder with -Dgllm.models");
    return file;
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "f16", "q8_0", "q4_k"})
  void logitsAndTokensAreThoseOfTheCpuToTheBit(String format) {
    try (KernelDispatcher far = there.reproducible();
        KernelDispatcher near = here.reproducible();
        LlamaModel onGpu = LlamaModel.load(far, file(format));
        LlamaModel onCpu = LlamaModel.load(near, file(format))) {
      int[] prompt = Arrays.copyOf(Expected.all().getFirst().promptIds(), PROMPT);
      assertArrayEquals(onCpu.logits(prompt), onGpu.logits(prompt));
      List<String> prompts = FULL ? Expected.all().stream().map(Expected::prompt).toList() : List.of("Once");
      for (String text : prompts) {
        GenerationOptions options = GenerationOptions.greedy(TOKENS);
        assertArrayEquals(onCpu.generate(text, options, _ -> {}).ids(), onGpu.generate(text, options, _ -> {}).ids(), text);
      }
    }
  }

  /** Weights, cache and sampling stay there: at most the id in and the id out, 4 bytes each. */
  @Test
  void onlyTheIdCrossesForEachToken() {
    try (LlamaModel model = LlamaModel.load(there, Expected.BUNDLED_MODEL)) {
      long few = traffic(model, 1);
      long many = traffic(model, 3);
      assertTrue(many - few <= 8 * 2, (many - few) / 2.0 + " bytes a token");
    }
  }

  private static long traffic(LlamaModel model, int tokens) {
    TransferCounters before = there.transfers();
    model.generate("Once", GenerationOptions.greedy(tokens), _ -> {});
    TransferCounters after = there.transfers();
    return after.hostToDevice() - before.hostToDevice() + after.deviceToHost() - before.deviceToHost();
  }
}
