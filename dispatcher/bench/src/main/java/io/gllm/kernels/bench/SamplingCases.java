package io.gllm.kernels.bench;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.Sampling;

/** Cases of the operators from logits to a token. */
final class SamplingCases {
  private SamplingCases() {}

  private static String shape(long rows, long cols) {
    return "rows=" + rows + " cols=" + cols;
  }

  static BenchCase argmax(String suite, DType type, long rows, long cols) {
    double bytes = type.bytesFor(rows * cols);
    return BenchCase.of(suite, Sampling.ARGMAX, type, shape(rows, cols), 0, bytes, Roof.reading(bytes), (kernels, operands) -> {
      Buffer x = operands.random(type, rows * cols);
      Buffer out = operands.zeros(DType.I32, rows);
      return () -> kernels.argmax(x, out, rows, cols);
    });
  }

  static BenchCase topK(String suite, long rows, long cols, int k) {
    double bytes = DType.F32.bytesFor(rows * cols);
    return BenchCase.of(suite, Sampling.TOP_K, DType.F32, shape(rows, cols) + " k=" + k, 0, bytes, Roof.reading(bytes),
        (kernels, operands) -> {
          Buffer x = operands.random(DType.F32, rows * cols);
          Buffer values = operands.zeros(DType.F32, rows * k);
          Buffer indices = operands.zeros(DType.I32, rows * k);
          return () -> kernels.topK(x, values, indices, rows, cols, k);
        });
  }

  static BenchCase topP(String suite, long rows, long cols, float p) {
    double bytes = 2.0 * DType.F32.bytesFor(rows * cols);
    return BenchCase.of(suite, Sampling.TOP_P, DType.F32, shape(rows, cols), 0, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(DType.F32, rows * cols);
      Buffer out = operands.zeros(DType.F32, rows * cols);
      return () -> kernels.topP(x, out, rows, cols, p);
    });
  }

  static BenchCase temperature(String suite, long n) {
    double bytes = 2.0 * DType.F32.bytesFor(n);
    return BenchCase.of(suite, Sampling.TEMPERATURE, DType.F32, "n=" + n, n, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(DType.F32, n);
      Buffer out = operands.zeros(DType.F32, n);
      return () -> kernels.temperature(x, out, n, 0.8f);
    });
  }

  static BenchCase philox(String suite, long n) {
    double bytes = DType.I32.bytesFor(n);
    return BenchCase.of(suite, Sampling.PHILOX, DType.I32, "n=" + n, 0, bytes, Roof.none(), (kernels, operands) -> {
      Buffer out = operands.zeros(DType.I32, n);
      return () -> kernels.philox(out, n, 0, 0, 42);
    });
  }

  static BenchCase sample(String suite, long rows, long cols) {
    double bytes = DType.F32.bytesFor(rows * cols);
    return BenchCase.of(suite, Sampling.SAMPLE, DType.F32, shape(rows, cols), 0, bytes, Roof.reading(bytes), (kernels, operands) -> {
      Buffer x = operands.random(DType.F32, rows * cols);
      Buffer out = operands.zeros(DType.I32, rows);
      return () -> kernels.sample(x, out, rows, cols, 42, 0);
    });
  }
}
