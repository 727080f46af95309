package io.gllm.kernels.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.testkit.reference.Mutant;
import io.gllm.kernels.testkit.reference.ReferenceDevice;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EngineTest {
  @Test
  void theOraclePassesItsOwnCases() {
    List<Report> halves = Stream.of(0, 1).parallel().map(EngineTest::oracle).toList();
    for (Report report : halves) {
      assertEquals(List.of(), report.failures());
      assertEquals(0, report.lines().stream().mapToInt(Report.Line::skipped).sum());
      assertTrue(report.lines().stream().allMatch(line -> line.worst() <= 1));
      assertTrue(report.table().contains("paged_attention"));
    }
    assertEquals(Conformance.cases().stream().filter(test -> test.modes().contains(Numerics.REPRODUCIBLE)).count(),
        halves.stream().mapToLong(report -> report.results().size()).sum());
  }

  /** Every other case: no other module can be built before this one, whose tests would leave a core idle. */
  private static Report oracle(int half) {
    return Conformance.run(new ReferenceDevice(), Numerics.REPRODUCIBLE, test -> (test.title().hashCode() & 1) == half, result -> {});
  }

  @Test
  void everyOperatorAndTypeHasACaseAndAKernel() {
    assertEquals(List.of(), Conformance.holes(new ReferenceDevice(), Numerics.FAST));
  }

  @Test
  void titlesAreUnique() {
    Set<String> titles = new HashSet<>();
    assertTrue(Conformance.cases().stream().map(Case::title).allMatch(titles::add));
  }

  @Test
  void otherBitsWithinTheBoundShowAsADifference() {
    Mutant<ReduceOp.Kernel> lastBit = new Mutant<>("last bit", ReduceOp.SUM, DType.F32, good -> (x, out, n) -> {
      good.run(x, out, n);
      float value = out.toFloatArray()[0];
      out.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, n > 5000 ? Math.nextUp(value) : value);
    });
    Report first = run(new ReferenceDevice());
    Report second = run(new ReferenceDevice(lastBit));
    assertEquals(List.of(), second.failures());
    assertEquals(List.of(), first.differences(run(new ReferenceDevice())));
    assertEquals(List.of("vec_sum f32 chunk borders", "vec_sum f32 unaligned"), first.differences(second));
  }

  private static Report run(ReferenceDevice device) {
    return Conformance.run(device, Numerics.FAST, test -> test.op() == ReduceOp.SUM && test.type() == DType.F32, result -> {});
  }

  @Test
  void aMissingKernelIsAHoleAndAFailureOfItsCases() {
    Mutant<BinaryOp.Kernel> missing = new Mutant<>("missing", BinaryOp.MUL, DType.F16, good -> {
      throw new IllegalStateException("none");
    });
    assertEquals(1, Conformance.holes(new ReferenceDevice(missing), Numerics.FAST).size());
    Report report = Conformance.run(new ReferenceDevice(missing), Numerics.FAST, test -> test.title().startsWith("vec_mul f16"), r -> {});
    assertEquals(report.results(), report.failures());
  }

  @Test
  void aDeviceThatCopiesHostMemorySkipsTheLargeCases() {
    Report report = Conformance.run(ReferenceDevice.copying(), Numerics.FAST, test -> test.name().contains("2^31"), r -> {});
    assertFalse(report.results().isEmpty());
    assertTrue(report.results().stream().allMatch(result -> result.status() == Result.Status.SKIPPED));
  }
}
