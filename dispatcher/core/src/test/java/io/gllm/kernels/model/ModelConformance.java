package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.LaunchCounters;
import io.gllm.kernels.TransferCounters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The reference models on a GPU backend: the tokens and bits of the CPU, with nothing but ids crossing. A backend's test says how to open
 * it. The model files are looked for as in {@link ReferenceModelsTest}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ModelConformance {
  private static final Path FOLDER = Path.of(System.getProperty("gllm.models", "../../../shared/models"));
  private static final int TOKENS = 24;

  private KernelDispatcher gpu;
  private KernelDispatcher cpu;

  /** A strict dispatcher on the backend; aborts the tests where there is none. */
  protected abstract KernelDispatcher openDevice();

  /** The formats whose tokens are those of the CPU in the fast mode too. */
  protected abstract List<String> fast();

  /** The formats whose tokens are compared in the reproducible mode. */
  protected abstract List<String> reproducible();

  /** What the backend did wrong, after its device was closed. */
  protected List<String> mistakes() {
    return List.of();
  }

  @BeforeAll
  void open() {
    gpu = openDevice();
    cpu = KernelDispatcher.builder().backend("cpu").create();
  }

  @AfterAll
  void close() {
    if (gpu != null) {
      gpu.close();
      cpu.close();
      assertEquals(List.of(), mistakes());
    }
  }

  private static Path file(String format) {
    Path file = FOLDER.resolve("tiny-" + format + ".gguf");
    assumeTrue(Files.exists(file), () -> "there is no " + file.toAbsolutePath().normalize() + "; name its folder with -Dgllm.models");
    return file;
  }

  @ParameterizedTest
  @MethodSource("fast")
  void tokensAreThoseOfTheCpu(String format) {
    compare(gpu, cpu, format);
  }

  @ParameterizedTest
  @MethodSource("reproducible")
  void reproducibleTokensAreThoseOfTheCpu(String format) {
    try (KernelDispatcher there = gpu.reproducible(); KernelDispatcher here = cpu.reproducible()) {
      compare(there, here, format);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "f16", "bf16", "q8_0", "q6_k", "q4_k", "q4_0", "iq4_xs", "q2_k"})
  void reproducibleLogitsAreThoseOfTheCpuToTheBit(String format) {
    int[] prompt = Expected.all().getFirst().promptIds();
    try (KernelDispatcher there = gpu.reproducible();
        KernelDispatcher here = cpu.reproducible();
        LlamaModel far = LlamaModel.load(there, file(format));
        LlamaModel near = LlamaModel.load(here, file(format))) {
      assertArrayEquals(near.logits(prompt), far.logits(prompt));
    }
  }

  private static void compare(KernelDispatcher there, KernelDispatcher here, String format) {
    Path file = file(format);
    GenerationOptions options = GenerationOptions.greedy(TOKENS);
    try (LlamaModel far = LlamaModel.load(there, file); LlamaModel near = LlamaModel.load(here, file)) {
      for (Expected expected : Expected.all()) {
        int[] ids = near.generate(expected.prompt(), options, piece -> {}).ids();
        assertEquals(TOKENS, ids.length, expected.prompt());
        assertArrayEquals(ids, far.generate(expected.prompt(), options, piece -> {}).ids(), expected.prompt());
      }
    }
  }

  /** Weights, cache and sampling stay there: at most the id in and the id out, 4 bytes each; a recorded token is one replay. */
  @Test
  void aTokenIsOneIdAndOneReplay() {
    try (LlamaModel model = LlamaModel.load(gpu, Expected.BUNDLED_MODEL)) {
      generate(model, 3); // the first step loads kernels, the second one records
      Use few = use(model, 4);
      Use many = use(model, 12);
      assertTrue(many.bytes - few.bytes <= 8 * 8, (many.bytes - few.bytes) / 8.0 + " bytes a token");
      if (gpu.capturesRecordings()) {
        assertEquals(8, many.launches.replays() - few.launches.replays());
        assertEquals(few.launches.operators(), many.launches.operators());
      }
    }
  }

  /** Counted in one generation. */
  private record Use(long bytes, LaunchCounters launches) {}

  private Use use(LlamaModel model, int tokens) {
    TransferCounters crossed = gpu.transfers();
    LaunchCounters launched = gpu.launches();
    generate(model, tokens);
    TransferCounters after = gpu.transfers();
    return new Use(after.hostToDevice() - crossed.hostToDevice() + after.deviceToHost() - crossed.deviceToHost(),
        new LaunchCounters(gpu.launches().operators() - launched.operators(), gpu.launches().replays() - launched.replays()));
  }

  private static int[] generate(LlamaModel model, int tokens) {
    return model.generate("Once upon a time", GenerationOptions.greedy(tokens), piece -> {}).ids();
  }

  /** Greedy and sampled, one sequence after the other, whose caches lie in other blocks. */
  @Test
  void recordedStepsGiveTheTokensOfDirectOnes() {
    ModelOptions direct = new ModelOptions(64, null, false);
    try (LlamaModel one = LlamaModel.load(gpu, Expected.BUNDLED_MODEL, new ModelOptions(64, null));
        LlamaModel other = LlamaModel.load(gpu, Expected.BUNDLED_MODEL, direct)) {
      for (GenerationOptions options : List.of(GenerationOptions.greedy(6), GenerationOptions.sampled(6, 0.9f, 7),
          GenerationOptions.sampled(5, 1.1f, 8).withTopK(20), GenerationOptions.greedy(5))) {
        long replays = gpu.launches().replays();
        int[] expected = other.generate("A cat", options, piece -> {}).ids();
        assertEquals(replays, gpu.launches().replays());
        assertArrayEquals(expected, one.generate("A cat", options, piece -> {}).ids(), options.toString());
      }
      assertEquals(gpu.capturesRecordings(), gpu.launches().replays() > 0);
    }
  }
}
