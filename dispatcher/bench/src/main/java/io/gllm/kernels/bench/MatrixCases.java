package io.gllm.kernels.bench;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.Quantize;

/** Cases of the matrix products; activations and results are f32. */
final class MatrixCases {
  private MatrixCases() {}

  private static String shape(long m, long n, long k) {
    return "m=" + m + " n=" + n + " k=" + k;
  }

  private static BenchCase product(String suite, Op<?> op, DType type, long m, long n, long k, BenchCase.Setup setup) {
    double bytes = MatMul.bytes(type, DType.F32, m, n, k);
    return BenchCase.of(suite, op, type, shape(m, n, k), MatMul.flops(m, n, k), bytes, Roof.floatProduct(bytes), setup);
  }

  /** A product that foreign libraries have as well, in f32. */
  private static BenchCase common(BenchCase product, long m, long n, long k, boolean transposed) {
    return product.type() == DType.F32 ? product.withProduct(new Product(m, n, k, transposed)) : product;
  }

  static BenchCase gemv(String suite, DType type, long m, long n) {
    double bytes = MatMul.bytes(type, DType.F32, 1, m, n);
    BenchCase gemv = BenchCase.of(suite, MatMul.GEMV, type, "m=" + m + " n=" + n, MatMul.flops(1, m, n), bytes, Roof.floatProduct(bytes),
        (kernels, operands) -> {
          Buffer a = operands.random(type, m * n);
          Buffer x = operands.random(DType.F32, n);
          Buffer y = operands.zeros(DType.F32, m);
          return () -> kernels.gemv(a, x, y, m, n);
        });
    return type == DType.F32 ? gemv.withProduct(new Product(m, 1, n, false)) : gemv;
  }

  static BenchCase gemm(String suite, DType type, long m, long n, long k) {
    return common(product(suite, MatMul.GEMM, type, m, n, k, (kernels, operands) -> {
      Buffer a = operands.random(DType.F32, m * k);
      Buffer b = operands.random(type, k * n);
      Buffer c = operands.zeros(DType.F32, m * n);
      return () -> kernels.gemm(a, b, c, m, n, k);
    }), m, n, k, false);
  }

  static BenchCase gemmBt(String suite, DType type, long m, long n, long k) {
    return common(product(suite, MatMul.GEMM_BT, type, m, n, k, (kernels, operands) -> {
      Buffer a = operands.random(DType.F32, m * k);
      Buffer b = operands.random(type, n * k);
      Buffer c = operands.zeros(DType.F32, m * n);
      return () -> kernels.gemmBt(a, b, c, m, n, k);
    }), m, n, k, true);
  }

  static BenchCase prepacked(String suite, DType type, long m, long n, long k) {
    return common(product(suite, MatMul.GEMM_PREPACKED, type, m, n, k, (kernels, operands) -> {
      Buffer a = operands.random(DType.F32, m * k);
      Buffer b = operands.packed(type, n, k, true);
      Buffer c = operands.zeros(DType.F32, m * n);
      return () -> kernels.gemmPrepacked(a, b, c, m, n, k);
    }), m, n, k, true);
  }

  /** Activations, packed weights and results of bf16, which some processors multiply twice as fast as f32. */
  static BenchCase brainFloat(String suite, long m, long n, long k) {
    double bytes = MatMul.bytes(DType.BF16, DType.BF16, m, n, k);
    return BenchCase.of(suite, MatMul.GEMM_PREPACKED, DType.BF16, shape(m, n, k) + " all bf16", MatMul.flops(m, n, k), bytes,
        Roof.brainFloatProduct(bytes), (kernels, operands) -> {
          Buffer a = operands.random(DType.BF16, m * k);
          Buffer b = operands.packed(DType.BF16, n, k, true);
          Buffer c = operands.zeros(DType.BF16, m * n);
          return () -> kernels.gemmPrepacked(a, b, c, m, n, k);
        });
  }

  static BenchCase bias(String suite, DType type, long m, long n, long k) {
    return product(suite, MatMul.GEMM_BIAS, type, m, n, k, (kernels, operands) -> {
      Buffer a = operands.random(DType.F32, m * k);
      Buffer b = operands.random(type, k * n);
      Buffer bias = operands.random(DType.F32, n);
      Buffer c = operands.zeros(DType.F32, m * n);
      return () -> kernels.gemmBias(a, b, bias, c, m, n, k);
    });
  }

  static BenchCase biasAct(String suite, DType type, long m, long n, long k) {
    return product(suite, MatMul.GEMM_BIAS_ACT, type, m, n, k, (kernels, operands) -> {
      Buffer a = operands.random(DType.F32, m * k);
      Buffer b = operands.random(type, k * n);
      Buffer bias = operands.random(DType.F32, n);
      Buffer c = operands.zeros(DType.F32, m * n);
      return () -> kernels.gemmBiasAct(a, b, bias, Activation.SILU, c, m, n, k);
    });
  }

  /** Packs and frees: the packed matrix is new with every call. */
  static BenchCase pack(String suite, ElementType type, long n, long k) {
    double bytes = 2.0 * type.bytesFor(n * k);
    return BenchCase.of(suite, PackB.OP, type, "n=" + n + " k=" + k, 0, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer b = operands.random(type, n * k);
      return () -> kernels.packWeights(b, n, k, true).close();
    });
  }

  static BenchCase quantised(String suite, QuantFormat format, long m, long n, long k, boolean packed) {
    double bytes = QuantMatMul.bytes(format, m, n, k);
    String shape = shape(m, n, k) + (packed ? " packed" : "");
    return BenchCase.of(suite, QuantMatMul.OP, format, shape, QuantMatMul.flops(m, n, k), bytes, Roof.integerProduct(bytes),
        (kernels, operands) -> {
          Buffer w = packed ? operands.packed(format, n, k, true) : operands.random(format, n * k);
          Buffer x = operands.random(DType.F32, m * k);
          Buffer y = operands.zeros(DType.F32, m * n);
          return () -> kernels.quantMatMul(w, x, y, m, n, k);
        });
  }

  static BenchCase dequant(String suite, QuantFormat format, long n) {
    double bytes = Dequant.bytes(format, n);
    return BenchCase.of(suite, Dequant.OP, format, "n=" + n, n, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer blocks = operands.random(format, n);
      Buffer out = operands.zeros(DType.F32, n);
      return () -> kernels.dequant(blocks, out, n);
    });
  }

  static BenchCase quantize(String suite, QuantFormat format, long n) {
    double bytes = Quantize.bytes(format, n);
    return BenchCase.of(suite, Quantize.OP, format, "n=" + n, n, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(DType.F32, n);
      Buffer blocks = operands.zeros(format, n);
      return () -> kernels.quantize(x, blocks, n);
    });
  }
}
