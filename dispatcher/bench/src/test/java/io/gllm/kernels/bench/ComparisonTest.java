package io.gllm.kernels.bench;

import static io.gllm.kernels.bench.SampleReports.around;
import static io.gllm.kernels.bench.SampleReports.of;
import static io.gllm.kernels.bench.SampleReports.result;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.bench.Comparison.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static Comparison compare(BenchReport old, BenchReport now) {
    return Comparison.of(old, now, Comparison.DEFAULT_THRESHOLD, false);
  }

  private static Verdict verdict(CaseResult old, CaseResult now) {
    return compare(of(old), of(now)).rows().getFirst().verdict();
  }

  @Test
  void aDifferenceCountsIfItIsShownAndWorthSpeakingOf() {
    CaseResult old = result("a", 1, Double.NaN, around(1));
    assertEquals(Verdict.SLOWER, verdict(old, result("a", 1, Double.NaN, around(1.1))));
    assertEquals(Verdict.FASTER, verdict(old, result("a", 1, Double.NaN, around(0.9))));
    assertEquals(Verdict.SAME, verdict(old, result("a", 1, Double.NaN, around(1))));
    assertEquals(Verdict.SAME, verdict(old, result("a", 1, Double.NaN, around(1.02))), "shown, but less than the threshold");
    assertEquals(Verdict.SAME, verdict(old, result("a", 1, Double.NaN, 0.9, 1.2, 1.3, 0.8, 1.4, 0.95, 1.1)), "within the spread");
    assertEquals(Verdict.UNCLEAR, verdict(result("a", 1, Double.NaN, 1, 1), result("a", 1, Double.NaN, 2, 2)));
  }

  @Test
  void aMachineWhoseLimitsChangedAsMuchIsNoRegression() {
    CaseResult old = result("a", 1, 0.9, around(1));
    assertEquals(Verdict.MACHINE, verdict(old, result("a", 1, 0.9, around(1.2))));
    assertEquals(Verdict.MACHINE, verdict(old, result("a", 1, 0.95, around(1.2))), "a better share in more time");
    assertEquals(Verdict.MACHINE, verdict(old, result("a", 1, 0.8, around(0.8))));
    assertEquals(Verdict.SLOWER, verdict(old, result("a", 1, 0.75, around(1.2))));
    assertEquals(Verdict.FASTER, verdict(old, result("a", 1, 0.99, around(0.9))));
  }

  @Test
  void timesThatOthersDisturbedShowNoRegression() {
    CaseResult old = result("a", 1, 0.9, around(1));
    assertEquals(Verdict.DISTURBED, verdict(old, result("a", 0.5, 0.7, around(1.3))));
    assertEquals(Verdict.DISTURBED, verdict(result("a", 0.5, 0.9, around(1)), result("a", 1, 0.7, around(1.3))));
    assertEquals(Verdict.SAME, verdict(old, result("a", 0.5, 0.9, around(1))));
  }

  @Test
  void aRegressionIsOneThatIsSlower() {
    CaseResult old = result("a", 1, 0.9, around(1));
    assertTrue(compare(of(old), of(result("a", 1, 0.8, around(1.1)))).hasRegression());
    assertFalse(compare(of(old), of(result("a", 1, 1, around(0.9)))).hasRegression());
  }

  @Test
  void casesThatOnlyOneReportMeasuredAreListed() {
    CaseResult both = result("a", 1, 0.9, around(1));
    CaseResult gone = result("b", 1, 0.9, around(1));
    CaseResult left = CaseResult.skipped(gone.key(), "none", gone.work(), "too long");
    Comparison comparison = compare(of(both, gone), of(both, left, result("c", 1, 0.9, around(1))));
    assertEquals(List.of(gone.key()), comparison.onlyOld());
    assertEquals("c", comparison.onlyNow().getFirst().op());
    assertTrue(comparison.table().contains("only in the earlier report: cpu 1t: gemm b f32 n=8"), comparison.table());
    assertTrue(comparison.table().contains("0 SLOWER, 0 faster, 1 same"), comparison.table());
  }

  @Test
  void reportsWithNothingInCommonAreNotCompared() {
    assertThrows(IllegalArgumentException.class, () -> compare(of(result("a", 1, 1, 1)), of(result("b", 1, 1, 1))));
    assertThrows(IllegalArgumentException.class, () -> compare(of(), of(result("b", 1, 1, 1))));
  }

  @Test
  void differentHardwareIsComparedOnlyOnRequest() {
    CaseResult result = result("a", 1, 0.9, around(1));
    Machine m = SampleReports.MACHINE;
    BenchReport other = SampleReports.on(new Machine("Abacus 1", 4, m.os(), m.arch(), m.jdk(), m.vm(), m.date()), result);
    var refused = assertThrows(IllegalArgumentException.class, () -> compare(other, of(result)));
    assertTrue(refused.getMessage().contains("'Abacus 1, 4 threads, amd64' then, 'Abacus 9000, 4 threads, amd64' now"),
        refused.getMessage());
    assertEquals(1, Comparison.of(other, of(result), 0.03, true).notes().size());
  }

  @Test
  void anotherSystemOrJdkIsNoted() {
    CaseResult result = result("a", 1, 0.9, around(1));
    Machine m = SampleReports.MACHINE;
    BenchReport newer = SampleReports.on(new Machine(m.processor(), 4, "Linux 7", m.arch(), "26", m.vm(), "later"), result);
    assertEquals(List.of("system: Linux 6 then, Linux 7 now", "JDK: 25 then, 26 now"), compare(of(result), newer).notes());
  }

  @Test
  void theThresholdIsChecked() {
    BenchReport report = of(result("a", 1, 0.9, around(1)));
    assertThrows(IllegalArgumentException.class, () -> Comparison.of(report, report, Double.NaN, false));
    assertThrows(IllegalArgumentException.class, () -> Comparison.of(report, report, -1, false));
  }
}
