package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.testkit.Case;
import io.gllm.kernels.testkit.Conformance;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Result;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The tuned kernels' place in the table, their known answers, and what becomes of one that gives another answer. */
class TunedKernelsStandInTest {
  private static final Path RESOURCES = Path.of("..", "kernels-bin", "src", "main", "resources");

  @Test
  void everyTargetHasTheKernelsOfTheTableAndNoOthers() {
    BlobManifest.of("cuda-tuned").blobs()
        .forEach((target, blob) -> assertEquals(CudaTable.TUNED.symbols(), new TreeMap<>(blob.entries()).keySet(), target));
    assertEquals(BlobManifest.of("cuda").blobs().keySet(), BlobManifest.of("cuda-tuned").blobs().keySet());
  }

  /**
   * Recorded from the interpreter with {@code -Dgllm.update=true}. That the shipped code gives them the self-tests of
   * {@link CudaConformanceTest} show.
   */
  @Test
  void theKnownAnswersAreToTheseLaunches() throws IOException {
    Map<String, GoldenLaunch> launches = TunedLaunches.all();
    assertEquals(CudaTable.TUNED.symbols(), launches.keySet());
    if (Boolean.getBoolean("gllm.update")) {
      record(launches);
      return;
    }
    Map<String, GoldenLaunch> known = new TreeMap<>(GoldenLaunch.load(CudaTable.GOLDEN_LAUNCHES));
    assertArrayEquals(questions(launches), questions(known), "run this test with -Dgllm.update=true if a launch was meant to change");
  }

  private static void record(Map<String, GoldenLaunch> launches) throws IOException {
    try (TunedDevice shipped = new TunedDevice(CudaBlobs.onClassPath());
        DataOutputStream out = new DataOutputStream(Files.newOutputStream(RESOURCES.resolve(CudaTable.GOLDEN_LAUNCHES)))) {
      out.writeInt(launches.size());
      for (GoldenLaunch l : launches.values()) {
        new GoldenLaunch(l.symbol(), l.grid(), l.parameters(), l.before(), shipped.run(l)).write(out);
      }
      assertEquals(List.of(), shipped.driver.failures);
    }
  }

  private static byte[] questions(Map<String, GoldenLaunch> launches) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (GoldenLaunch l : launches.values()) {
      new GoldenLaunch(l.symbol(), l.grid(), l.parameters(), l.before(), l.before()).write(out);
    }
    return bytes.toByteArray();
  }

  @Test
  void theFastModeChoosesThem() {
    try (TunedDevice shipped = new TunedDevice(CudaBlobs.onClassPath())) {
      List<Candidate> fast = shipped.device.explain(QuantMatMul.OP, QuantFormat.Q4_K, Numerics.FAST);
      assertEquals(List.of("quant_gemv_q4_k", "mma_quant_q4_k", "gemv_q4_k"), fast.stream().map(Candidate::kernel).toList());
      assertTrue(fast.stream().allMatch(Candidate::chosen));
      assertEquals("integer products with quantised activations, for 1 to 8 rows, ptx_80, compiled by the driver at first use",
          fast.getFirst().reason());
    }
  }

  @Test
  void theReproducibleModeSaysWhyNot() {
    try (TunedDevice shipped = new TunedDevice(CudaBlobs.onClassPath())) {
      List<Candidate> exact = shipped.device.explain(QuantMatMul.OP, QuantFormat.Q4_K, Numerics.REPRODUCIBLE);
      assertEquals(new Candidate("quant_gemv_q4_k", false, "does not keep the portable order of sums"), exact.getFirst());
      assertTrue(exact.getLast().chosen());
    }
  }

  @Test
  void otherFormatsHaveThePortableKernelAlone() {
    try (TunedDevice shipped = new TunedDevice(CudaBlobs.onClassPath())) {
      assertEquals(1, shipped.device.explain(QuantMatMul.OP, QuantFormat.IQ2_XS, Numerics.FAST).size());
    }
  }

  /** So the size of a product decides about nothing but speed. */
  @Test
  void tilesOfBothSizesGiveTheSameBits() {
    try (TunedDevice shipped = new TunedDevice(CudaBlobs.onClassPath())) {
      for (String kernel : List.of("mma_gemm_bt_", "mma_gemm_")) {
        List<byte[]> large = shipped.run(TunedLaunches.product(kernel + "bf16", 128));
        List<byte[]> small = shipped.run(TunedLaunches.product(kernel + "small_bf16", 64));
        assertArrayEquals(large.getLast(), small.getLast(), kernel);
      }
      List<byte[]> large = shipped.run(TunedLaunches.blockProduct("mma_quant_", 128));
      List<byte[]> small = shipped.run(TunedLaunches.blockProduct("mma_quant_small_", 64));
      assertArrayEquals(large.getLast(), small.getLast(), "mma_quant");
      assertEquals(List.of(), shipped.driver.failures);
    }
  }

  @Test
  void withoutTheirCodeThePortableKernelRuns() {
    BlobManifest portable = BlobManifest.of("cuda");
    try (TunedDevice device = new TunedDevice(new CudaBlobs(portable.blobs().values(), portable::load))) {
      List<Candidate> fast = device.device.explain(QuantMatMul.OP, QuantFormat.Q8_0, Numerics.FAST);
      assertFalse(fast.getFirst().chosen());
      assertEquals("this version has no code of quant_gemv_q8_0 for the device", fast.getFirst().reason());
      assertPasses(device);
    }
  }

  /** One whose answer is wrong goes into quarantine, and the portable kernel takes over. */
  @Test
  void aWrongOneIsReplaced() {
    try (TunedDevice device = new TunedDevice(PlantedMistake.in("quant_gemv_rows_q8_0", "dp4a.s32.s32", "dp4a.s32.u32").blobs())) {
      assertPasses(device);
      assertEquals(Set.of("quant_gemv_rows_q8_0"), device.device.selfTest().quarantined().keySet());
      Candidate first = device.device.explain(QuantMatMul.OP, QuantFormat.Q8_0, Numerics.FAST).getFirst();
      assertFalse(first.chosen());
      assertTrue(first.reason().startsWith("quant_gemv_rows_q8_0 is not used: buffer 4 word "), first.reason());
    }
  }

  private static void assertPasses(TunedDevice device) {
    Case shapes = Conformance.cases().stream().filter(c -> c.op() == QuantMatMul.OP && c.type() == QuantFormat.Q8_0)
        .filter(c -> c.title().endsWith("across blocks")).findFirst().orElseThrow();
    try (Harness harness = new Harness(device.device, Numerics.FAST)) {
      Result result = harness.run(shapes);
      assertEquals(Result.Status.PASSED, result.status(), result.detail());
    }
    assertEquals(List.of(), device.driver.failures);
  }
}
