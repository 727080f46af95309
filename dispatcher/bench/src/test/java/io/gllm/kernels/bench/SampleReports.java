package io.gllm.kernels.bench;

import io.gllm.kernels.api.spi.PeakKind;
import java.util.Arrays;
import java.util.List;

/** Reports as if they had been measured. */
final class SampleReports {
  static final Machine MACHINE = new Machine("Abacus 9000", 4, "Linux 6", "amd64", "25", "VM", "2026-01-01T00:00:00Z");
  static final Contender CPU = new Contender("cpu 1t", false, "cpu", "Abacus 9000, native", List.of("beads"), "best", "best", 1, 0.25);
  static final Contender LIBRARY = new Contender("blas 1t", true, "blas", "blas 1.0", List.of(), "best", "best", 1, Double.NaN);

  private SampleReports() {}

  /** An operator on the CPU with these times. */
  static CaseResult result(String op, double running, double share, double... seconds) {
    return result(CPU, op, running, share, seconds);
  }

  static CaseResult result(Contender contender, String op, double running, double share, double... seconds) {
    CaseKey key = new CaseKey(contender.label(), "gemm", op, "f32", "n=8");
    return new CaseResult(key, "native_" + op, new Work(200, 100, 0), 10, new Samples(seconds), share, share, PeakKind.READ, 0, running,
        null);
  }

  /** Seven times within 1 % of each other. */
  static double[] around(double seconds) {
    double[] times = {1.001, 0.998, 1.004, 1, 0.996, 1.003, 0.999};
    return Arrays.stream(times).map(t -> t * seconds).toArray();
  }

  static BenchReport of(CaseResult... cases) {
    return on(MACHINE, cases);
  }

  static BenchReport on(Machine machine, CaseResult... cases) {
    List<PeakResult> peaks = List.of(new PeakResult("cpu 1t", PeakKind.FMA_F32, 0, "fma", 5e9, 6e9, 0.01),
        new PeakResult("cpu 1t", PeakKind.READ, 1 << 20, "read", 1e9, 1e9, 0.02));
    return new BenchReport(machine, List.of(CPU, LIBRARY), List.of(), peaks, List.of(cases), List.of());
  }
}
