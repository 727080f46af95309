package io.gllm.kernels.bench;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.spi.PeakKind;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The speeds of the CPU that must be reached on one core, in groups that are suites of their own. */
final class Bars {
  /** The suite of all of them. */
  static final String SUITE = "bars";

  private static final String FLOAT = SUITE + "-float";
  private static final String DECODE = SUITE + "-decode";
  private static final String BATCH = SUITE + "-batch";
  private static final String PREFILL = SUITE + "-prefill";
  private static final String MEMORY = SUITE + "-memory";

  /** Elements of f32 in 256 MB, and in a row. */
  private static final long IN_MEMORY = 64L << 20;
  private static final long COLS = 4096;

  private Bars() {}

  static List<Bar> all() {
    List<Bar> bars = new ArrayList<>();
    floats(bars);
    for (QuantFormat format : QuantMatMul.FORMATS) {
      share(bars, format.label() + " gemv, 16384x14336", MatrixCases.quantised(DECODE, format, 1, 16384, 14336, true), decode(format));
    }
    for (QuantFormat format : List.of(QuantFormat.Q4_K, QuantFormat.Q6_K, QuantFormat.Q8_0)) {
      batch(bars, format, 8, 0.42);
      batch(bars, format, 16, 0.52);
      batch(bars, format, 32, 0.60);
      batch(bars, format, 64, 0.64);
    }
    for (QuantFormat format : QuantMatMul.FORMATS) {
      share(bars, format.label() + " prefill, n=512", MatrixCases.quantised(PREFILL, format, 512, 4096, 4096, true), prefill(format));
    }
    memory(bars);
    return bars;
  }

  /** Names of the suites: all, and each group. */
  static Set<String> suites() {
    Set<String> names = new LinkedHashSet<>(List.of(SUITE));
    all().forEach(bar -> names.add(bar.benchCase().suite()));
    return names;
  }

  private static void share(List<Bar> bars, String name, BenchCase benchCase, double limit) {
    bars.add(new Bar(name, benchCase, BarOutcome.Measure.SHARE, limit));
  }

  private static void floats(List<Bar> bars) {
    share(bars, "f32 gemm tile, in cache", BenchCase.loop(FLOAT, PeakKind.GEMM_TILE), 0.97);
    for (long n : new long[]{1024, 2048, 4096}) {
      share(bars, "sgemm " + n, MatrixCases.gemm(FLOAT, DType.F32, n, n, n), 0.94);
    }
    double[] shares = {0.88, 0.92, 0.94, 0.94};
    for (int i = 0; i < shares.length; i++) {
      long m = 16L << i;
      share(bars, "sgemm, packed, m=" + m, MatrixCases.prepacked(FLOAT, DType.F32, m, 4096, 4096), shares[i]);
    }
    share(bars, "f32 gemv, 256 MB", MatrixCases.gemv(FLOAT, DType.F32, 16384, 4096), 0.95);
    share(bars, "bf16 gemm 2048", MatrixCases.brainFloat(FLOAT, 2048, 2048, 2048), 0.94);
    share(bars, "bf16 gemv, 128 MB", MatrixCases.gemv(FLOAT, DType.BF16, 16384, 4096), 0.95);
  }

  private static void batch(List<Bar> bars, QuantFormat format, long m, double limit) {
    share(bars, format.label() + " batch of " + m, MatrixCases.quantised(BATCH, format, m, m < 32 ? 14336 : 4096, 4096, true), limit);
  }

  private static boolean grid(QuantFormat format) {
    return switch (format) {
      case IQ1_S, IQ1_M, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S -> true;
      default -> false;
    };
  }

  private static double decode(QuantFormat format) {
    return switch (format) {
      case Q4_K -> 0.92;
      case Q8_0 -> 0.95;
      case Q6_K -> 0.88;
      default -> grid(format) ? 0.6 : 0.85;
    };
  }

  private static double prefill(QuantFormat format) {
    return switch (format) {
      case Q4_K, Q6_K, Q8_0 -> 0.70;
      default -> grid(format) ? 0.5 : 0.6;
    };
  }

  private static void memory(List<Bar> bars) {
    share(bars, "silu, 256 MB", VectorCases.unary(MEMORY, UnaryOp.SILU, DType.F32, IN_MEMORY), 0.92);
    share(bars, "rms_norm, 256 MB", RowCases.rmsNorm(MEMORY, DType.F32, IN_MEMORY / COLS, COLS), 0.92);
    share(bars, "softmax, 256 MB", RowCases.softmax(MEMORY, DType.F32, IN_MEMORY / COLS, COLS), 0.68);
    BenchCase tiny = VectorCases.binary(MEMORY, BinaryOp.ADD, DType.F32, 8);
    bars.add(new Bar("call overhead, vec_add n=8", tiny, BarOutcome.Measure.NANOSECONDS, 100));
    bars.add(new Bar("allocation of a call, vec_add n=8", tiny, BarOutcome.Measure.ALLOCATED, 0));
  }
}
