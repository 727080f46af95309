package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.rocm.gcn.Listing;
import io.gllm.kernels.testkit.Case;
import io.gllm.kernels.testkit.Conformance;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Result;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tuned kernels' place in the table, their known answers, and what becomes of one that gives another answer. */
class TunedKernelsTest {
  private static final Path RESOURCES = Path.of("..", "kernels-bin", "src", "main", "resources");
  private static final Set<String> WITHOUT_MATRICES = Set.of("gfx906", "gfx908", "gfx1030");

  @Test
  void chipsHaveTheKernelsThatTheyHaveInstructionsFor() {
    Set<String> matrix = new TreeSet<>(RocmTable.TUNED.symbols());
    matrix.removeIf(symbol -> !symbol.startsWith("matrix_"));
    BlobManifest.of("rocm-tuned").blobs().forEach((target, blob) -> {
      Set<String> expected = new TreeSet<>(RocmTable.TUNED.symbols());
      expected.removeIf(symbol -> matrix.contains(symbol) && WITHOUT_MATRICES.contains(target));
      assertEquals(expected, new TreeMap<>(blob.entries()).keySet(), target);
    });
    assertEquals(BlobManifest.of("rocm").blobs().keySet(), BlobManifest.of("rocm-tuned").blobs().keySet());
  }

  /** Both chips, with waves of 64 and of 32 lanes, give the same; recorded with {@code -Dgllm.update=true}. */
  @Test
  void theKnownAnswersAreThoseOfTheShippedCode() throws IOException {
    Map<String, GoldenLaunch> launches = TunedLaunches.all();
    assertEquals(RocmTable.TUNED.symbols(), launches.keySet());
    byte[] wide = answers("gfx90a", launches);
    Path file = RESOURCES.resolve(RocmTable.GOLDEN_LAUNCHES);
    if (Boolean.getBoolean("gllm.update")) {
      Files.write(file, wide);
    }
    assertArrayEquals(wide, Files.readAllBytes(file), "run this test with -Dgllm.update=true if a kernel was meant to change");
    assertArrayEquals(wide, answers("gfx1100", launches), "waves of 32");
  }

  private static byte[] answers(String chip, Map<String, GoldenLaunch> launches) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TunedDevice shipped = new TunedDevice(chip); DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(launches.size());
      for (GoldenLaunch l : launches.values()) {
        new GoldenLaunch(l.symbol(), l.grid(), l.parameters(), l.before(), shipped.run(l)).write(out);
      }
      shipped.assertNoMisuse();
    }
    return bytes.toByteArray();
  }

  @Test
  void theFastModeChoosesThem() {
    try (TunedDevice shipped = new TunedDevice("gfx90a")) {
      List<Candidate> fast = shipped.device.explain(QuantMatMul.OP, QuantFormat.Q4_K, Numerics.FAST);
      assertEquals(List.of("quant_gemv_q4_k", "gemv_q4_k"), fast.stream().map(Candidate::kernel).toList());
      assertTrue(fast.stream().allMatch(Candidate::chosen));
      assertEquals("integer products with quantised activations, for 1 to 8 rows, gfx90a", fast.getFirst().reason());
    }
  }

  @Test
  void theReproducibleModeSaysWhyNot() {
    try (TunedDevice shipped = new TunedDevice("gfx90a")) {
      List<Candidate> exact = shipped.device.explain(MatMul.GEMM_BT, DType.BF16, Numerics.REPRODUCIBLE);
      assertEquals(new Candidate("matrix_gemm_bt_bf16", false, "does not keep the portable order of sums"), exact.getFirst());
      assertTrue(exact.getLast().chosen());
    }
  }

  /** RDNA2 multiplies bytes, but no matrices; gfx900, which runs the portable code of gfx906, neither. */
  @Test
  void chipsWithoutTheInstructionsSaySo() {
    try (Device rdna2 = open("gfx1030"); Device vega = open("gfx900")) {
      assertTrue(rdna2.explain(QuantMatMul.OP, QuantFormat.Q8_0, Numerics.FAST).getFirst().chosen());
      Candidate none = new Candidate("matrix_gemm_f16", false, "this version has no code of matrix_gemm_f16 for the device");
      assertEquals(none, rdna2.explain(MatMul.GEMM, DType.F16, Numerics.FAST).getFirst());
      assertFalse(vega.explain(QuantMatMul.OP, QuantFormat.Q8_0, Numerics.FAST).getFirst().chosen());
      assertEquals(List.of("portable kernel, gfx906"), vega.explain(MatMul.GEMM, DType.F16, Numerics.FAST).stream()
          .filter(Candidate::chosen).map(Candidate::reason).toList());
    }
  }

  private static Device open(String chip) {
    StandInHsa runtime = ProbeKernels.runtime();
    runtime.isas = List.of("amdgcn-amd-amdhsa--" + chip);
    return StandInGpu.open(runtime);
  }

  /** So the size of a product decides about nothing but speed. */
  @ParameterizedTest
  @CsvSource({"gfx90a,matrix_gemm_bt_", "gfx1100,matrix_gemm_"})
  void tilesOfBothSizesGiveTheSameBits(String chip, String kernel) {
    try (TunedDevice shipped = new TunedDevice(chip)) {
      List<byte[]> large = shipped.run(TunedLaunches.product(kernel + "bf16", 128));
      List<byte[]> small = shipped.run(TunedLaunches.product(kernel + "small_bf16", 64));
      assertArrayEquals(large.getLast(), small.getLast());
      shipped.assertNoMisuse();
    }
  }

  @Test
  void withoutTheirCodeThePortableKernelRuns() {
    BlobManifest portable = BlobManifest.of("rocm");
    try (TunedDevice device = new TunedDevice("gfx1100", StandInGpu.tuned("gfx1100"),
        new RocmBlobs(portable.blobs().values(), portable::load))) {
      Candidate first = device.device.explain(QuantMatMul.OP, QuantFormat.Q8_0, Numerics.FAST).getFirst();
      assertEquals(new Candidate("quant_gemv_q8_0", false, "this version has no code of quant_gemv_q8_0 for the device"), first);
      assertPasses(device);
    }
  }

  /** One whose answer is wrong goes into quarantine, and the portable kernel takes over. */
  @Test
  void aWrongOneIsReplaced() {
    Listing shipped = StandInGpu.tuned("gfx1100");
    Listing.Text text = shipped.kernels().get("quant_gemv_rows_q8_0");
    Map<String, Listing.Text> kernels = new HashMap<>(shipped.kernels());
    kernels.put(text.name(), new Listing.Text(text.name(), text.address(),
        text.lines().stream().map(line -> line.replace("v_add_f32_e32 ", "v_sub_f32_e32 ")).toList()));
    try (TunedDevice device = new TunedDevice("gfx1100", new Listing(shipped.target(), shipped.sha256(), kernels),
        RocmBlobs.onClassPath())) {
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
    device.assertNoMisuse();
  }
}
