package io.gllm.kernels.metal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.testkit.Case;
import io.gllm.kernels.testkit.Conformance;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Result;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tuned kernels' place in the table, their known answers, and what becomes of one that gives another answer or none. */
class TunedKernelsTest {
  private static final Path RESOURCES = Path.of("..", "kernels-bin", "src", "main", "resources");

  @TempDir
  private Path root;

  @Test
  void theLibraryHasTheKernelsOfTheTableAndNoOthers() {
    assertEquals(MetalTable.TUNED.symbols(), new TreeMap<>(MetalBlobs.onClassPath().all().getLast().entries()).keySet());
    assertEquals(MetalTable.TUNED.symbols(), TunedLaunches.all().keySet());
  }

  /**
   * Recorded from the executor with {@code -Dgllm.update=true}. That the shipped code gives them the self-tests of
   * {@link MetalConformanceTest} show.
   */
  @Test
  void theKnownAnswersAreToTheseLaunches() throws IOException {
    Map<String, GoldenLaunch> launches = TunedLaunches.all();
    if (Boolean.getBoolean("gllm.update")) {
      record(launches);
      return;
    }
    Map<String, GoldenLaunch> known = new TreeMap<>(GoldenLaunch.load(MetalTable.GOLDEN_LAUNCHES));
    assertArrayEquals(questions(launches), questions(known), "run this test with -Dgllm.update=true if a launch was meant to change");
  }

  private static void record(Map<String, GoldenLaunch> launches) throws IOException {
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(RESOURCES.resolve(MetalTable.GOLDEN_LAUNCHES)))) {
      out.writeInt(launches.size());
      for (GoldenLaunch l : launches.values()) {
        new GoldenLaunch(l.symbol(), l.grid(), l.parameters(), l.before(), run(l)).write(out);
      }
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

  private static List<byte[]> run(GoldenLaunch launch) {
    KernelInterface kernel = KernelInterface.of(MetalBlobs.onClassPath().all().getLast().entry(launch.symbol()));
    try (Arena arena = Arena.ofConfined()) {
      List<MemorySegment> buffers = launch.before().stream()
          .map(bytes -> arena.allocate(bytes.length, 16).copyFrom(MemorySegment.ofArray(bytes))).toList();
      int[] grid = launch.grid();
      MetalExecutor.open().run(launch.symbol(), buffers, arena.allocateFrom(ValueLayout.JAVA_INT, launch.parameters()), grid[0], grid[1],
          grid[2], kernel.threads());
      return buffers.stream().map(buffer -> buffer.toArray(ValueLayout.JAVA_BYTE)).toList();
    }
  }

  private static StandInMetal metal() {
    return new StandInMetal(MetalExecutor.open()::run);
  }

  @Test
  void theFastModeChoosesThem() {
    try (MetalDevice device = StandInMac.open(metal(), root)) {
      List<Candidate> fast = device.explain(QuantMatMul.OP, QuantFormat.Q4_K, Numerics.FAST);
      assertEquals(List.of("simd_gemv_q4_k", "simd_gemm_bt_q4_k", "gemv_q4_k"), fast.stream().map(Candidate::kernel).toList());
      assertTrue(fast.stream().allMatch(Candidate::chosen));
      assertEquals("sums of SIMD groups, for 1 to 8 rows, macos13, compiled by Metal at first use", fast.getFirst().reason());
      assertEquals("simd_gemm_f16_f16", device.explain(MatMul.GEMM_BIAS, DType.F16, Numerics.FAST).getFirst().kernel());
      assertEquals("simd_attention_64_bf16", device.explain(FlashAttention.OP, DType.BF16, Numerics.FAST).getFirst().kernel());
      assertEquals(1, device.explain(QuantMatMul.OP, QuantFormat.IQ2_XS, Numerics.FAST).size());
    }
  }

  @Test
  void theReproducibleModeSaysWhyNot() {
    try (MetalDevice device = StandInMac.open(metal(), root)) {
      List<Candidate> exact = device.explain(QuantMatMul.OP, QuantFormat.Q4_K, Numerics.REPRODUCIBLE);
      assertEquals(new Candidate("simd_gemv_q4_k", false, "does not keep the portable order of sums"), exact.getFirst());
      assertTrue(exact.getLast().chosen());
      assertTrue(exact.getLast().reason().startsWith("portable kernel, macos13"), exact.getLast().reason());
    }
  }

  /** One whose answer is wrong goes into quarantine, and the portable kernel takes over. */
  @Test
  void aWrongOneIsReplaced() {
    StandInMetal metal = new StandInMetal((symbol, buffers, parameters, gx, gy, gz, threads) -> {
      MetalExecutor.open().run(symbol, buffers, parameters, gx, gy, gz, threads);
      if (symbol.equals("simd_gemv_rows_q8_0")) {
        buffers.get(2).set(ValueLayout.JAVA_INT, 0, ~buffers.get(2).get(ValueLayout.JAVA_INT, 0));
      }
    });
    try (MetalDevice device = StandInMac.open(metal, root)) {
      assertPasses(device);
      assertEquals(Set.of("simd_gemv_rows_q8_0"), device.selfTest().quarantined().keySet());
      assertSkipped(device, "simd_gemv_rows_q8_0 is not used: buffer 2 word 0 is ");
    }
    assertEquals(List.of(), metal.failures);
  }

  /** No Mac has compiled them yet: a GPU that does not take one works without it. */
  @Test
  void oneThatMetalDoesNotCompileIsReplaced() {
    StandInMetal metal = metal();
    metal.refusedFunctions.add("simd_gemv_rows_q8_0");
    try (MetalDevice device = StandInMac.open(metal, root)) {
      assertPasses(device);
      assertSkipped(device,
          "simd_gemv_rows_q8_0 is not used: kernel simd_gemv_rows_q8_0: Metal cannot compile it for this GPU: refused by the test");
    }
    assertEquals(List.of(), metal.failures);
    assertEquals(List.of(), metal.live());
  }

  @Test
  void withoutTheirLibraryThePortableKernelsRun() {
    StandInMetal metal = metal();
    MetalBlobs shipped = MetalBlobs.onClassPath();
    MetalBlobs changed = new MetalBlobs(shipped.all(), blob -> {
      if (blob.equals(shipped.all().getLast())) {
        throw new KernelException("the library was changed");
      }
      return shipped.loader().apply(blob);
    });
    try (MetalDevice device = StandInMac.open(metal, root, changed)) {
      assertPasses(device);
      assertSkipped(device, "simd_gemv_q8_0 is not used: Metal does not take its library: the library was changed");
    }
    assertEquals(List.of(), metal.failures);
  }

  private static void assertSkipped(MetalDevice device, String reason) {
    Candidate first = device.explain(QuantMatMul.OP, QuantFormat.Q8_0, Numerics.FAST).getFirst();
    assertFalse(first.chosen());
    assertTrue(first.reason().startsWith(reason), first.reason());
  }

  private static void assertPasses(MetalDevice device) {
    Case shapes = Conformance.cases().stream().filter(c -> c.op() == QuantMatMul.OP && c.type() == QuantFormat.Q8_0)
        .filter(c -> c.title().endsWith(" shapes")).findFirst().orElseThrow();
    try (Harness harness = new Harness(device, Numerics.FAST)) {
      Result result = harness.run(shapes);
      assertEquals(Result.Status.PASSED, result.status(), result.detail());
    }
  }
}
