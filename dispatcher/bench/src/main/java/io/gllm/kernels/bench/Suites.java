package io.gllm.kernels.bench;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.UnaryOp;
import java.util.ArrayList;
import java.util.List;

/**
 * The suites of cases. Sizes "in memory" are 256 MB or more for what is read or written most, far above the caches; sizes "in L2"
 * are 256 KB in all.
 */
final class Suites {
  /** Elements of f32 in 256 MB. */
  private static final long IN_MEMORY = 64L << 20;

  /** Elements of f32 in 128 KB: two buffers of it are 256 KB. */
  private static final long IN_L2 = 32L << 10;

  private static final int COLS = 4096;

  private Suites() {}

  /** The suites of a run without further wishes. */
  static List<BenchCase> standard() {
    List<BenchCase> cases = new ArrayList<>();
    cases.addAll(gemm());
    cases.addAll(gemv());
    cases.addAll(quant());
    cases.addAll(elementwise());
    cases.addAll(rows());
    cases.addAll(attention());
    cases.addAll(overhead());
    return cases;
  }

  /** Every case of every suite, those that are only run by name included. */
  static List<BenchCase> all() {
    List<BenchCase> cases = new ArrayList<>(standard());
    cases.addAll(more());
    return cases;
  }

  static List<BenchCase> gemm() {
    List<BenchCase> cases = new ArrayList<>();
    for (long n : new long[]{512, 1024, 2048, 4096}) {
      cases.add(MatrixCases.gemm("gemm", DType.F32, n, n, n));
    }
    for (long n : new long[]{512, 1024, 2048, 4096}) {
      cases.add(MatrixCases.gemmBt("gemm", DType.F32, n, n, n));
    }
    for (long m : new long[]{1, 4, 16, 64, 128}) {
      cases.add(MatrixCases.prepacked("gemm", DType.F32, m, 4096, 4096));
    }
    return cases;
  }

  static List<BenchCase> gemv() {
    return List.of(
        MatrixCases.gemv("gemv", DType.F32, 16384, 4096), MatrixCases.gemv("gemv", DType.F16, 32768, 4096),
        MatrixCases.gemv("gemv", DType.BF16, 32768, 4096));
  }

  static List<BenchCase> quant() {
    List<BenchCase> cases = new ArrayList<>();
    List<QuantFormat> formats = List.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K);
    for (QuantFormat format : formats) {
      cases.add(MatrixCases.quantised("quant", format, 1, 16384, 14336, true));
    }
    for (QuantFormat format : formats) {
      cases.add(MatrixCases.quantised("quant", format, 512, 4096, 4096, false));
    }
    return cases;
  }

  static List<BenchCase> elementwise() {
    List<BenchCase> cases = new ArrayList<>();
    for (long n : new long[]{IN_MEMORY, IN_L2}) {
      cases.add(VectorCases.binary("elementwise", BinaryOp.ADD, DType.F32, n * 2 / 3));
      cases.add(VectorCases.binary("elementwise", BinaryOp.SWIGLU, DType.F32, n * 2 / 3));
      cases.add(VectorCases.unary("elementwise", UnaryOp.SILU, DType.F32, n));
      cases.add(VectorCases.unary("elementwise", UnaryOp.EXP, DType.F32, n));
    }
    return cases;
  }

  static List<BenchCase> rows() {
    List<BenchCase> cases = new ArrayList<>();
    for (long n : new long[]{IN_MEMORY, IN_L2}) {
      cases.add(RowCases.rmsNorm("rows", DType.F32, n / COLS, COLS));
      cases.add(RowCases.softmax("rows", DType.F32, n / COLS, COLS));
      cases.add(RowCases.layerNorm("rows", DType.F32, n / COLS, COLS));
    }
    return cases;
  }

  static List<BenchCase> attention() {
    return List.of(
        AttentionCases.prefill("attention", DType.F32, 32, 8, 512, 128), AttentionCases.prefill("attention", DType.F16, 32, 8, 512, 128),
        AttentionCases.decode("attention", DType.F32, 32, 8, 16384, 128), AttentionCases.decode("attention", DType.F16, 32, 8, 32768, 128));
  }

  /** So little work that only the way to the kernel counts. */
  static List<BenchCase> overhead() {
    return List.of(
        VectorCases.binary("overhead", BinaryOp.ADD, DType.F32, 8), VectorCases.scale("overhead", DType.F32, 8),
        RowCases.rmsNorm("overhead", DType.F32, 1, 64), MatrixCases.gemv("overhead", DType.F32, 8, 64),
        SamplingCases.argmax("overhead", DType.F32, 1, 64));
  }

  /** The operators that the other suites leave out: only when one is asked for by name. */
  static List<BenchCase> more() {
    List<BenchCase> cases = new ArrayList<>(sized("more", IN_MEMORY / 2, 4096, 4096));
    List<Op<?>> measured = standard().stream().<Op<?>>map(BenchCase::op).toList();
    cases.removeIf(c -> measured.contains(c.op()));
    return cases;
  }

  /** Every operator with each of its types, small enough to run at once. */
  static List<BenchCase> tiny() {
    return sized("tiny", 256, 4, 256);
  }

  /** Enough work that the threads of the CPU share it, one case for each form of sharing. */
  static List<BenchCase> split() {
    List<BenchCase> cases = new ArrayList<>();
    cases.add(VectorCases.binary("split", BinaryOp.ADD, DType.F32, 1 << 16));
    cases.add(VectorCases.dot("split", DType.F32, 1 << 16));
    cases.add(MatrixCases.gemv("split", DType.F32, 256, 256));
    cases.add(MatrixCases.gemm("split", DType.F32, 64, 64, 64));
    cases.add(MatrixCases.quantised("split", QuantFormat.Q4_K, 8, 256, 256, true));
    cases.add(RowCases.rmsNorm("split", DType.F32, 64, 1024));
    cases.add(AttentionCases.prefill("split", DType.F32, 4, 2, 32, 64));
    return cases;
  }

  /** Every operator with each of its types: n elements, or rows of cols elements. */
  private static List<BenchCase> sized(String suite, long n, int rows, int cols) {
    List<BenchCase> cases = new ArrayList<>();
    for (ElementType type : Op.FLOATS) {
      vectors(cases, suite, (DType) type, n);
      products(cases, suite, (DType) type, rows, cols);
      rows(cases, suite, (DType) type, rows, cols);
    }
    for (QuantFormat format : QuantMatMul.FORMATS) {
      cases.add(MatrixCases.quantised(suite, format, 2, rows, cols, false));
      cases.add(MatrixCases.quantised(suite, format, 2, rows, cols, true));
      cases.add(MatrixCases.pack(suite, format, rows, cols));
      cases.add(MatrixCases.dequant(suite, format, n));
      cases.add(RowCases.embedding(suite, format, rows, 8 * rows, cols));
    }
    cases.add(MatrixCases.dequant(suite, QuantFormat.Q8_1, n));
    cases.add(MatrixCases.dequant(suite, QuantFormat.Q8_K, n));
    cases.add(MatrixCases.quantize(suite, QuantFormat.Q8_0, n));
    cases.add(MatrixCases.quantize(suite, QuantFormat.Q8_K, n));
    cases.add(SamplingCases.topK(suite, rows, cols, 40));
    cases.add(SamplingCases.topP(suite, rows, cols, 0.9f));
    cases.add(SamplingCases.temperature(suite, n));
    cases.add(SamplingCases.philox(suite, n));
    cases.add(SamplingCases.sample(suite, rows, cols));
    return cases;
  }

  private static void vectors(List<BenchCase> cases, String suite, DType type, long n) {
    cases.add(VectorCases.dot(suite, type, n));
    List.of(BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.SWIGLU).forEach(op -> cases.add(VectorCases.binary(suite, op, type, n)));
    cases.add(VectorCases.scale(suite, type, n));
    cases.add(VectorCases.axpy(suite, type, n));
    List.of(ReduceOp.SUM, ReduceOp.MAX, ReduceOp.SUM_SQUARES).forEach(op -> cases.add(VectorCases.reduce(suite, op, type, n)));
    List.of(UnaryOp.EXP, UnaryOp.SILU, UnaryOp.GELU, UnaryOp.GELU_ERF, UnaryOp.RELU, UnaryOp.TANH)
        .forEach(op -> cases.add(VectorCases.unary(suite, op, type, n)));
    cases.add(VectorCases.cast(suite, type, n));
  }

  private static void products(List<BenchCase> cases, String suite, DType type, int rows, int cols) {
    cases.add(MatrixCases.gemv(suite, type, rows, cols));
    cases.add(MatrixCases.gemm(suite, type, 8, rows, cols));
    cases.add(MatrixCases.gemmBt(suite, type, 8, rows, cols));
    cases.add(MatrixCases.bias(suite, type, 8, rows, cols));
    cases.add(MatrixCases.biasAct(suite, type, 8, rows, cols));
    cases.add(MatrixCases.pack(suite, type, rows, cols));
    cases.add(MatrixCases.prepacked(suite, type, 8, rows, cols));
  }

  private static void rows(List<BenchCase> cases, String suite, DType type, int rows, int cols) {
    cases.add(RowCases.softmax(suite, type, rows, cols));
    cases.add(RowCases.rmsNorm(suite, type, rows, cols));
    cases.add(RowCases.rmsNormResidual(suite, type, rows, cols));
    cases.add(RowCases.layerNorm(suite, type, rows, cols));
    cases.add(RowCases.rope(suite, type, rows, cols / 64, 64, false));
    cases.add(RowCases.rope(suite, type, rows, cols / 64, 64, true));
    cases.add(RowCases.embedding(suite, type, rows, 8 * rows, cols));
    cases.add(AttentionCases.prefill(suite, type, 4, 2, Math.min(rows, 256), 64));
    cases.add(AttentionCases.decode(suite, type, 4, 2, rows, 64));
    cases.add(AttentionCases.append(suite, type, rows, cols));
    cases.add(SamplingCases.argmax(suite, type, rows, cols));
  }
}
