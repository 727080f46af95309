package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.TransferCounters;
import io.gllm.kernels.api.BackendUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The reference models on a GPU backend, here Vulkan on whatever device there is: the tokens and bits of the CPU. */
class GpuModelsTest {
  private static final Path FOLDER = Path.of(System.getProperty("gllm.models", "../../../shared/models"));
  private static final int TOKENS = 24;

  private static KernelDispatcher gpu;
  private static KernelDispatcher cpu;

  @BeforeAll
  static void open() {
    try {
      gpu = KernelDispatcher.builder().backend("vulkan").strict().create();
    } catch (BackendUnavailableException e) {
      assertTrue(!System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("llvmpipe"), e.getMessage());
      abort(e.getMessage());
    }
    cpu = KernelDispatcher.builder().backend("cpu").create();
  }

  @AfterAll
  static void close() {
    if (gpu != null) {
      gpu.close();
      cpu.close();
    }
  }

  private static Path file(String format) {
    Path file = FOLDER.resolve("tiny-" + format + ".gguf");
    assumeTrue(Files.exists(file), () -> "there is no " + file.toAbsolutePath().normalize() + "; name its folder with -Dgllm.models");
    return file;
  }

  /** In the fast mode; block formats may take the other way at a tie, since the CPU multiplies integers and the GPU the same numbers. */
  @ParameterizedTest
  @ValueSource(strings = {"f32", "f16"})
  void tokensAreThoseOfTheCpu(String format) {
    compare(gpu, cpu, format);
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "f16", "q8_0", "q4_k"})
  void reproducibleTokensAndLogitsAreThoseOfTheCpuToTheBit(String format) {
    try (KernelDispatcher there = gpu.reproducible(); KernelDispatcher here = cpu.reproducible()) {
      compare(there, here, format);
      int[] prompt = Expected.all().getFirst().promptIds();
      try (LlamaModel far = LlamaModel.load(there, file(format)); LlamaModel near = LlamaModel.load(here, file(format))) {
        assertArrayEquals(near.logits(prompt), far.logits(prompt));
      }
    }
  }

  private static void compare(KernelDispatcher there, KernelDispatcher here, String format) {
    Path file = file(format);
    GenerationOptions options = GenerationOptions.greedy(TOKENS);
    try (LlamaModel far = LlamaModel.load(there, file); LlamaModel near = LlamaModel.load(here, file)) {
      for (Expected expected : Expected.all()) {
        int[] ids = near.generate(expected.prompt(), options, piece -> {}).ids();
        assertArrayEquals(ids, far.generate(expected.prompt(), options, piece -> {}).ids(), expected.prompt());
      }
    }
  }

  /** Weights, cache and sampling stay there: at most the id in and the id out, 4 bytes each. */
  @Test
  void onlyTheIdCrossesForEachToken() {
    try (LlamaModel model = LlamaModel.load(gpu, Expected.BUNDLED_MODEL)) {
      long few = traffic(model, 8);
      long many = traffic(model, 40);
      assertTrue(many - few <= 8 * 32, (many - few) / 32.0 + " bytes a token");
    }
  }

  private static long traffic(LlamaModel model, int tokens) {
    TransferCounters before = gpu.transfers();
    model.generate("Once upon a time", GenerationOptions.greedy(tokens), piece -> {});
    TransferCounters after = gpu.transfers();
    return after.hostToDevice() - before.hostToDevice() + after.deviceToHost() - before.deviceToHost();
  }
}
