package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.op.PackB;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A call allocates nothing: every operator with each of its types, on each tier, counted over all threads of the dispatcher. */
class AllocationTest {
  private static final int CALLS = 1_000;

  /**
   * Time until a batch must allocate nothing. The first ones do: classes are loaded, and the JVM's own foreign calls make
   * short-lived objects until the compiler has seen through them, which takes thousands of calls, and seconds where others use the cores.
   */
  private static final long MOST_NANOS = 10_000_000_000L;

  @ParameterizedTest
  @ValueSource(strings = {"native", "vector", "scalar"})
  void callsAllocateNothing(String tier) {
    List<String> allocating = new ArrayList<>();
    try (KernelDispatcher kernels = open(tier)) {
      for (BenchCase benchCase : Suites.tiny()) {
        if (benchCase.op() != PackB.OP) { // returns a new buffer by contract, at load time
          check(kernels, benchCase, CALLS, allocating);
        }
      }
      for (BenchCase benchCase : Suites.split()) {
        check(kernels, benchCase, CALLS / 5, allocating);
      }
    }
    assertEquals(List.of(), allocating, tier);
  }

  private static KernelDispatcher open(String tier) {
    return KernelDispatcher.builder().backend("cpu").option("cpu.tier", tier).option("cpu.threads", "2").create();
  }

  private static void check(KernelDispatcher kernels, BenchCase benchCase, int calls, List<String> allocating) {
    try (Operands operands = new Operands(kernels)) {
      Runnable call = benchCase.setup().prepare(kernels, operands);
      AllocationMeter meter = new AllocationMeter();
      long bytes = 1;
      long start = System.nanoTime();
      while (bytes != 0 && System.nanoTime() - start < MOST_NANOS) {
        long before = meter.total();
        for (int i = 0; i < calls; i++) {
          call.run();
        }
        bytes = meter.total() - before;
      }
      if (bytes != 0) {
        allocating.add(benchCase.label() + ": " + bytes + " bytes in " + calls + " calls");
      }
    }
  }
}
