package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.gguf.GgufException;
import io.gllm.kernels.gguf.GgufFile;
import io.gllm.kernels.gguf.GgufTensor;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The suite of whole models, on a random one that scripts/MakeModel.java writes. */
class ModelCasesTest {
  private static final Path SCRIPT = Path.of("../../scripts/MakeModel.java");

  @TempDir
  static Path folder;

  private static Path model;

  /** Compiled once: as a source it takes every one of a dozen runs three seconds. */
  @BeforeAll
  static void make() throws Exception {
    assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", folder.toString(), SCRIPT.toString()));
    model = folder.resolve("tiny.gguf");
    assertEquals(0, make(model, "--size", "tiny"));
  }

  private static int make(Path file, String... options) throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command = new ArrayList<>(List.of(java, "-cp", folder.toString(), "MakeModel"));
    command.addAll(List.of(options));
    command.add(file.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return process.exitValue();
  }

  @Test
  void promptAndAnswerAreMeasured() {
    BenchOptions options = BenchOptions.DEFAULT.withSuites("model").withModel(model).on(new Setting("cpu", null, null, 1)).sampling(2,
        0.05);
    BenchReport report = Bench.run(options, new PrintStream(OutputStream.nullOutputStream()));
    assertEquals(List.of("prefill", "decode"), report.cases().stream().map(c -> c.key().op()).toList());
    for (CaseResult result : report.cases()) {
      assertEquals("q4_k", result.key().type());
      assertTrue(result.tokensPerSecond() > 0 && result.share() > 0, result.key().toString());
    }
    assertTrue(report.table().contains("tokens/s"));
  }

  @Test
  void costsAreThoseOfTheWeights() {
    List<BenchCase> cases = ModelCases.of(model);
    double layers = 2.0 * (2 * 256 * 256 + 2 * 256 * 128 + 3 * 256 * 768);
    double output = 256.0 * 512;
    BenchCase prefill = cases.getFirst();
    assertEquals(255, prefill.work().tokens());
    assertEquals(2 * layers * 255 + 2 * output + 4 * 512 * 255 * 256 / 2.0, prefill.flops());
    BenchCase decode = cases.getLast();
    assertEquals(64, decode.work().tokens());
    assertEquals((layers + output) / 256 * 144 * 64 + 2 * 512 * 64 * 65 / 2.0, decode.bytes(),
        "every weight for each token, and the cache");
  }

  @Test
  void theSameSeedGivesTheSameModel() throws Exception {
    Path again = folder.resolve("again.gguf");
    Path other = folder.resolve("other.gguf");
    assertEquals(0, make(again, "--size", "tiny"));
    assertEquals(0, make(other, "--size", "tiny", "--seed", "1"));
    assertArrayEquals(Files.readAllBytes(model), Files.readAllBytes(again));
    assertFalse(Arrays.equals(Files.readAllBytes(model), Files.readAllBytes(other)));
  }

  @Test
  void weightsAreAroundZeroWithTheDeviationOfATrainedModel() {
    try (KernelDispatcher kernels = KernelDispatcher.builder().backend("cpu").create();
        GgufFile file = GgufFile.open(model);
        Buffer out = kernels.allocate(DType.F32, 256 * 768)) {
      GgufTensor tensor = file.tensor("blk.1.ffn_down.weight");
      assertEquals(QuantFormat.Q4_K, tensor.type());
      kernels.dequant(tensor.buffer(), out, tensor.elements());
      float[] weights = out.toFloatArray();
      double mean = 0;
      double square = 0;
      for (float w : weights) {
        mean += w / (double) weights.length;
        square += w * (double) w / weights.length;
      }
      double deviation = 1 / Math.sqrt(768);
      assertEquals(0, mean, 0.02 * deviation);
      assertEquals(deviation, Math.sqrt(square), 0.1 * deviation);
    }
  }

  @Test
  void impossibleSizesAreRefused() throws Exception {
    for (List<String> wrong : List.of(List.of("--dim", "100"), List.of("--heads", "3"), List.of("--kv-heads", "5"),
        List.of("--layers", "0"),
        List.of("--vocabulary", "7"), List.of("--colour", "3"), List.of("--size", "huge"), List.of("--dim", "many"))) {
      assertEquals(2, make(folder.resolve("none.gguf"), wrong.toArray(String[]::new)), wrong.toString());
    }
    assertFalse(Files.exists(folder.resolve("none.gguf")));
  }

  @Test
  void theSuiteNeedsAModel() {
    assertThrows(IllegalArgumentException.class, () -> ModelCases.of(null));
    assertThrows(GgufException.class, () -> ModelCases.of(folder.resolve("none.gguf")));
  }
}
