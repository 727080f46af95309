package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.spi.PeakKind;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The machinery of a run; that speeds are reached is for the suite {@code bars} to say, not for a unit test. */
class BenchTest {
  private static final BenchOptions QUICK = BenchOptions.DEFAULT.withSuites("overhead").on("cpu", null, 2).sampling(3, 0.03);

  private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

  private BenchReport run(BenchOptions options) {
    return Bench.run(options, new PrintStream(progress, true, StandardCharsets.UTF_8));
  }

  @Test
  void aRunHasOneResultForEachCaseWithOneSampleForEachRound() {
    BenchReport report = run(QUICK);
    assertEquals(Suites.overhead().size(), report.cases().size());
    for (CaseResult result : report.cases()) {
      assertEquals(3, result.samples().seconds().length);
      assertTrue(result.samples().best() > 0 && result.calls() > 0, result.benchCase().label());
      assertTrue(result.kernel().contains(result.benchCase().name()), result.kernel());
    }
    assertEquals(2, report.machine().threads());
    assertTrue(progress.toString(StandardCharsets.UTF_8).startsWith("[1/5] vec_add f32 n=8 ... "));
  }

  @Test
  void tableAndJsonShowTheSame() {
    BenchReport report = run(QUICK.withOp("vec_scale"));
    assertTrue(report.table().contains("overhead vec_scale f32 n=8"), report.table());
    String json = report.json();
    for (String key : List.of("format", "machine", "processor", "jdk", "tier", "isa", "threads", "date", "peaks", "cases", "seconds",
        "median_seconds", "roofline", "allocated_bytes_per_call", "bars")) {
      assertTrue(json.contains("\"" + key + "\": "), key);
    }
    assertTrue(json.contains("\"op\": \"vec_scale\""), json);
  }

  @Test
  void aCaseIsComparedWithTheLimitsOfTheSameRun() {
    BenchReport report = run(new BenchOptions(List.of("elementwise"), "exp", "cpu", "scalar", null, 1, 2, 0.02));
    CaseResult small = report.cases().getLast();
    assertEquals(PeakKind.COPY, small.bound());
    assertTrue(small.share() > 0);
    assertTrue(report.peaks().stream().anyMatch(p -> p.kind() == PeakKind.COPY && p.bytes() == 128 << 10 && p.probe().equals("Java loop")));
    assertTrue(report.cases().getFirst().skipped() != null, "256 MB in plain Java take longer than a run of milliseconds waits");
  }

  @Test
  void aRunCanInsistOnAnInstructionSet() {
    String isa = System.getProperty("os.arch").equals("aarch64") ? "neon" : "avx2";
    BenchReport report = run(QUICK.withSuites("elementwise").withOp("exp").withIsa(isa).sampling(1, 0.002));
    assertTrue(report.table().contains("isa " + isa + ", threads 2"), report.table());
    assertFalse(report.peaks().isEmpty());
    for (PeakResult peak : report.peaks()) {
      assertTrue(peak.probe().endsWith("-" + isa) || peak.probe().equals("Java loop"), peak.probe());
    }
  }

  @Test
  void aBusyMachineIsNamed() {
    BenchCase tiny = VectorCases.binary("x", BinaryOp.ADD, DType.F32, 8);
    Samples samples = new Samples(new double[]{90e-9});
    Machine machine = run(QUICK.withOp("vec_scale")).machine();
    for (double running : new double[]{0.5, 1}) {
      CaseResult result = new CaseResult(tiny, "k", 1, samples, 0.9, 0.95, PeakKind.READ, 0, running, null);
      BenchReport report = new BenchReport(machine, List.of(), List.of(result), List.of());
      assertEquals(running < 0.9, report.table().contains("ran only 50 % of the time"), report.table());
    }
  }

  @Test
  void barsAreJudgedByTheirNumber() {
    BenchCase tiny = VectorCases.binary("x", BinaryOp.ADD, DType.F32, 8);
    Samples samples = new Samples(new double[]{90e-9});
    CaseResult result = new CaseResult(tiny, "k", 1, samples, 0.9, 0.95, PeakKind.READ, 0, 1, null);
    assertTrue(new Bar("a", tiny, Bar.Measure.NANOSECONDS, 100).judge(result).passed());
    assertFalse(new Bar("b", tiny, Bar.Measure.NANOSECONDS, 80).judge(result).passed());
    assertTrue(new Bar("c", tiny, Bar.Measure.SHARE, 0.9).judge(result).passed());
    assertFalse(new Bar("d", tiny, Bar.Measure.SHARE, 0.91).judge(result).passed());
    assertTrue(new Bar("e", tiny, Bar.Measure.ALLOCATED, 0).judge(result).passed());
  }

  @Test
  void aBarWithoutANumberIsNotReached() {
    BenchCase tile = BenchCase.loop("bars", PeakKind.GEMM_TILE);
    Bar.Outcome outcome = new Bar("tile", tile, Bar.Measure.SHARE, 0.97).judge(CaseResult.skipped(tile, "none", "no such loop"));
    assertFalse(outcome.passed());
    assertEquals("no such loop", outcome.text());
  }

  @Test
  void theAcceptanceBarsAreThere() {
    List<String> names = Bars.all().stream().map(Bar::name).toList();
    assertTrue(names.contains("sgemm 4096") && names.contains("q4_k gemv, 16384x14336") && names.contains("f32 gemm tile, in cache"));
    assertTrue(Bench.suites().contains("bars"));
  }

  @Test
  void optionsAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> QUICK.sampling(0, 1));
    assertThrows(IllegalArgumentException.class, () -> QUICK.sampling(5, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> QUICK.on("cpu", null, -1));
  }
}
