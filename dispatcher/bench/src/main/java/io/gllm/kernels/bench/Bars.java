package io.gllm.kernels.bench;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.spi.PeakKind;
import java.util.ArrayList;
import java.util.List;

/** The speeds of the CPU that must be reached on one core. */
final class Bars {
  static final String SUITE = "bars";

  private Bars() {}

  static List<Bar> all() {
    List<Bar> bars = new ArrayList<>();
    bars.add(new Bar("f32 gemm tile, in cache", BenchCase.loop(SUITE, PeakKind.GEMM_TILE), BarOutcome.Measure.SHARE, 0.97));
    for (long n : new long[]{1024, 2048, 4096}) {
      bars.add(new Bar("sgemm " + n, MatrixCases.gemm(SUITE, DType.F32, n, n, n), BarOutcome.Measure.SHARE, 0.90));
    }
    bars.add(new Bar("f32 gemv, 256 MB", MatrixCases.gemv(SUITE, DType.F32, 16384, 4096), BarOutcome.Measure.SHARE, 0.80));
    for (QuantFormat format : List.of(QuantFormat.Q8_0, QuantFormat.Q4_K)) {
      bars.add(new Bar(format.label() + " gemv, 16384x14336", MatrixCases.quantised(SUITE, format, 1, 16384, 14336, true),
          BarOutcome.Measure.SHARE, 0.80));
    }
    BenchCase tiny = VectorCases.binary(SUITE, BinaryOp.ADD, DType.F32, 8);
    bars.add(new Bar("call overhead, vec_add n=8", tiny, BarOutcome.Measure.NANOSECONDS, 100));
    bars.add(new Bar("allocation of a call, vec_add n=8", tiny, BarOutcome.Measure.ALLOCATED, 0));
    return bars;
  }
}
