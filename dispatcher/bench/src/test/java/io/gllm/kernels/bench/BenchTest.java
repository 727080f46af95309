package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.spi.PeakKind;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The machinery of a run; that speeds are reached is for the suite {@code bars} to say, not for a unit test. */
class BenchTest {
  private static final BenchOptions QUICK = BenchOptions.DEFAULT.withSuites("overhead").on(new Setting("cpu", null, null, 2)).sampling(3,
      0.03);

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
      assertTrue(result.samples().best() > 0 && result.calls() > 0, result.key().toString());
      assertTrue(result.kernel().contains(result.key().op()), result.kernel());
      assertEquals("cpu 2t", result.key().contender());
    }
    assertEquals(2, report.contenders().getFirst().threads());
    assertTrue(report.contenders().getFirst().firstKernel() > 0);
    assertTrue(progress.toString(StandardCharsets.UTF_8).startsWith("[1/5] vec_add f32 n=8 ... "));
  }

  @Test
  void severalDevicesAreMeasuredInOneRun() {
    BenchReport report = run(QUICK.withOp("vec_scale").on(new Setting("cpu", "native", null, 1), new Setting("cpu", "scalar", null, 2)));
    assertEquals(List.of("cpu native 1t", "cpu scalar 2t"), report.cases().stream().map(c -> c.key().contender()).toList());
    assertEquals(1, report.cases().stream().map(c -> c.key().label()).distinct().count());
    assertTrue(report.cases().getFirst().kernel().startsWith("native_") && report.cases().getLast().kernel().startsWith("scalar_"));
    assertTrue(progress.toString(StandardCharsets.UTF_8).contains("    cpu scalar 2t: "), progress.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aDeviceThatIsNamedTwiceIsAMistake() {
    Setting setting = new Setting("cpu", null, null, 1);
    var twice = assertThrows(IllegalArgumentException.class, () -> run(QUICK.on(setting, setting)));
    assertTrue(twice.getMessage().contains("'cpu 1t' is named twice"), twice.getMessage());
  }

  @Test
  void progressSaysAboutHowLongTheRestTakes() {
    run(QUICK.sampling(1, 0.01));
    String text = progress.toString(StandardCharsets.UTF_8);
    assertTrue(text.contains("[4/5, ") && text.contains(" s left] gemv f32"), text);
  }

  @Test
  void tableAndJsonShowTheSame() {
    BenchReport report = run(QUICK.withOp("vec_scale"));
    assertTrue(report.table().contains("overhead vec_scale f32 n=8"), report.table());
    String json = report.json();
    for (String key : List.of("format", "machine", "processor", "jdk", "tier", "isa", "threads", "date", "contenders",
        "first_kernel_seconds", "notes", "peaks", "cases", "seconds",
        "median_seconds", "roofline", "allocated_bytes_per_call", "bars")) {
      assertTrue(json.contains("\"" + key + "\": "), key);
    }
    assertTrue(json.contains("\"op\": \"vec_scale\""), json);
  }

  @Test
  void aCaseIsComparedWithTheLimitsOfTheSameRun() {
    BenchReport report = run(QUICK.withSuites("elementwise").withOp("exp").on(new Setting("cpu", "scalar", null, 1)).sampling(2, 0.02));
    CaseResult small = report.cases().getLast();
    assertEquals(PeakKind.COPY, small.bound());
    assertTrue(small.share() > 0);
    assertTrue(report.peaks().stream().anyMatch(p -> p.kind() == PeakKind.COPY && p.bytes() == 128 << 10 && p.probe().equals("Java loop")));
    assertTrue(report.cases().getFirst().skipped() != null, "256 MB in plain Java take longer than a run of milliseconds waits");
  }

  @Test
  void aRunCanInsistOnAnInstructionSet() {
    String isa = System.getProperty("os.arch").equals("aarch64") ? "neon" : "avx2";
    BenchReport report = run(QUICK.withSuites("elementwise").withOp("exp").on(new Setting("cpu", null, isa, 2)).sampling(1, 0.002));
    assertTrue(report.table().contains("isa " + isa + ", threads 2"), report.table());
    assertFalse(report.peaks().isEmpty());
    for (PeakResult peak : report.peaks()) {
      assertTrue(peak.probe().endsWith("-" + isa) || peak.probe().equals("Java loop"), peak.probe());
    }
  }

  @Test
  void aBusyMachineIsNamed() {
    for (double running : new double[]{0.5, 1}) {
      BenchReport report = SampleReports.of(SampleReports.result("a", running, 0.9, 90e-9));
      assertEquals(running < 0.9, report.table().contains("ran only 50 % of the time"), report.table());
    }
  }

  private static BarOutcome judge(BarOutcome.Measure measure, double limit, CaseResult result) {
    return new Bar("a", VectorCases.binary("x", BinaryOp.ADD, DType.F32, 8), measure, limit).judge(result);
  }

  @Test
  void barsAreJudgedByTheirNumber() {
    CaseResult result = SampleReports.result("a", 1, 0.9, 90e-9);
    assertTrue(judge(BarOutcome.Measure.NANOSECONDS, 100, result).passed());
    assertFalse(judge(BarOutcome.Measure.NANOSECONDS, 80, result).passed());
    assertTrue(judge(BarOutcome.Measure.SHARE, 0.9, result).passed());
    assertFalse(judge(BarOutcome.Measure.SHARE, 0.91, result).passed());
    assertTrue(judge(BarOutcome.Measure.ALLOCATED, 0, result).passed());
  }

  @Test
  void aBarWithoutANumberIsNotReached() {
    BenchCase tile = BenchCase.loop("bars", PeakKind.GEMM_TILE);
    CaseResult skipped = CaseResult.skipped(tile.key("cpu 1t"), "none", tile.work(), "no such loop");
    BarOutcome outcome = new Bar("tile", tile, BarOutcome.Measure.SHARE, 0.97).judge(skipped);
    assertFalse(outcome.passed());
    assertEquals("no such loop", outcome.text());
  }

  @Test
  void theAcceptanceBarsAreThere() {
    List<String> names = Bars.all().stream().map(Bar::name).toList();
    assertTrue(names.contains("sgemm 4096") && names.contains("q4_k gemv, 16384x14336") && names.contains("f32 gemm tile, in cache"));
    assertTrue(Bench.suites().containsAll(List.of("bars", "bars-float", "bars-decode", "bars-batch", "bars-prefill", "bars-memory")));
    for (QuantFormat format : QuantMatMul.FORMATS) {
      assertTrue(names.contains(format.label() + " gemv, 16384x14336") && names.contains(format.label() + " prefill, n=512"));
    }
  }

  @Test
  void aGroupOfBarsIsJudgedAlone() {
    BenchOptions memory = QUICK.withSuites("bars-memory");
    assertTrue(memory.judged() && !QUICK.withSuites("gemm").judged());
    List<String> judged = Bars.all().stream().filter(memory::judges).map(Bar::name).toList();
    assertTrue(judged.contains("softmax, 256 MB") && !judged.contains("sgemm 4096"));
    assertTrue(Bars.all().stream().allMatch(QUICK.withSuites("bars")::judges));
  }

  @Test
  void optionsAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> QUICK.sampling(0, 1));
    assertThrows(IllegalArgumentException.class, () -> QUICK.sampling(5, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> QUICK.sampling(ReportReader.MOST_SAMPLES + 1, 1), "it could not be read again");
    assertThrows(IllegalArgumentException.class, () -> QUICK.on());
    assertThrows(IllegalArgumentException.class, () -> new Setting("cpu", null, null, -1));
  }
}
