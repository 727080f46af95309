package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.Ops;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SuitesTest {
  @Test
  void everyOperatorCanBeMeasured() {
    Set<Op<?>> measured = new HashSet<>();
    Suites.all().forEach(c -> measured.add(c.op()));
    assertEquals(Set.copyOf(Ops.all()), measured);
  }

  @Test
  void tinyCasesCoverEveryOperatorAndType() {
    Set<List<Object>> covered = new HashSet<>();
    Suites.tiny().forEach(c -> covered.add(List.of(c.op(), c.type())));
    for (Op<?> op : Ops.all()) {
      for (ElementType type : op.types()) {
        assertTrue(covered.contains(List.of(op, type)), op + " " + type.label());
      }
    }
  }

  @Test
  void noCaseIsThereTwice() {
    Set<String> labels = new HashSet<>();
    Suites.all().forEach(c -> assertTrue(labels.add(c.suite() + " " + c.label()), c.label()));
  }

  @Test
  void costsComeFromTheContracts() {
    BenchCase gemm = MatrixCases.gemm("x", DType.F32, 2, 3, 5);
    assertEquals(60, gemm.flops());
    assertEquals(4 * (15 + 10 + 6), gemm.bytes());
    BenchCase quant = MatrixCases.quantised("x", QuantFormat.Q4_K, 1, 16, 256, true);
    assertEquals(2 * 16 * 256, quant.flops());
    assertEquals(16 * 144 + 4 * (256 + 16), quant.bytes());
    assertEquals(24, VectorCases.binary("x", BinaryOp.ADD, DType.BF16, 4).bytes());
    assertEquals(4.0 * 2 * 8 * 8 * 16 * 9 / 16, AttentionCases.prefill("x", DType.F32, 2, 1, 8, 16).flops(), "pairs that are seen");
  }

  @Test
  void whatIsReadFromMemoryIsFarAboveTheCaches() {
    for (BenchCase c : Suites.gemv()) {
      assertTrue(c.bytes() >= 256 << 20, c.label());
    }
    Suites.elementwise().stream().limit(4).forEach(c -> assertTrue(c.bytes() >= 500 << 20, c.label()));
  }

  @Test
  void choosesBySuiteAndOperator() {
    assertEquals(Suites.standard().size(), Bench.cases(BenchOptions.DEFAULT, List.of()).size());
    assertTrue(Bench.cases(BenchOptions.DEFAULT.withOp("top_k"), List.of()).stream().allMatch(c -> c.name().equals("top_k")));
    assertEquals(1, Bench.cases(BenchOptions.DEFAULT.withOp("top_k"), List.of()).size());
    assertEquals(1, Bench.cases(BenchOptions.DEFAULT.withOp("gemv").withSuites("overhead"), List.of()).size());
    assertThrows(KernelException.class, () -> Bench.cases(BenchOptions.DEFAULT.withOp("fft"), List.of()));
    var unknown = assertThrows(IllegalArgumentException.class, () -> Bench.cases(BenchOptions.DEFAULT.withSuites("x"), List.of()));
    assertTrue(unknown.getMessage().contains("gemm"), unknown.getMessage());
  }
}
