package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.api.op.VecScale;

/** Cases of the operators on vectors of n elements. */
final class VectorCases {
  private interface Unary {
    void run(KernelDispatcher kernels, Buffer x, Buffer out, long n);
  }

  private interface Binary {
    void run(KernelDispatcher kernels, Buffer a, Buffer b, Buffer out, long n);
  }

  private VectorCases() {}

  static BenchCase binary(String suite, Op<BinaryOp.Kernel> op, DType type, long n) {
    Binary method = method(op);
    double bytes = BinaryOp.bytes(type, n);
    return BenchCase.of(suite, op, type, "n=" + n, n, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer a = operands.random(type, n);
      Buffer b = operands.random(type, n);
      Buffer out = operands.zeros(type, n);
      return () -> method.run(kernels, a, b, out, n);
    });
  }

  private static Binary method(Op<BinaryOp.Kernel> op) {
    if (op == BinaryOp.ADD) {
      return KernelDispatcher::vecAdd;
    }
    if (op == BinaryOp.SUB) {
      return KernelDispatcher::vecSub;
    }
    return op == BinaryOp.MUL ? KernelDispatcher::vecMul : KernelDispatcher::swiglu;
  }

  static BenchCase unary(String suite, Op<UnaryOp.Kernel> op, DType type, long n) {
    Unary method = function(op);
    double bytes = UnaryOp.bytes(type, n);
    return BenchCase.of(suite, op, type, "n=" + n, n, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(type, n);
      Buffer out = operands.zeros(type, n);
      return () -> method.run(kernels, x, out, n);
    });
  }

  private static Unary function(Op<UnaryOp.Kernel> op) {
    if (op == UnaryOp.EXP) {
      return KernelDispatcher::exp;
    }
    if (op == UnaryOp.SILU) {
      return KernelDispatcher::silu;
    }
    if (op == UnaryOp.GELU) {
      return KernelDispatcher::gelu;
    }
    if (op == UnaryOp.GELU_ERF) {
      return KernelDispatcher::geluErf;
    }
    return op == UnaryOp.RELU ? KernelDispatcher::relu : KernelDispatcher::tanh;
  }

  static BenchCase reduce(String suite, Op<ReduceOp.Kernel> op, DType type, long n) {
    Unary method = op == ReduceOp.SUM
        ? KernelDispatcher::vecSum
        : op == ReduceOp.MAX ? KernelDispatcher::vecMax : KernelDispatcher::vecSumSquares;
    double bytes = ReduceOp.bytes(type, n);
    return BenchCase.of(suite, op, type, "n=" + n, n, bytes, Roof.reading(bytes), (kernels, operands) -> {
      Buffer x = operands.random(type, n);
      Buffer out = operands.zeros(DType.F32, 1);
      return () -> method.run(kernels, x, out, n);
    });
  }

  static BenchCase dot(String suite, DType type, long n) {
    double bytes = VecDot.bytes(type, n);
    return BenchCase.of(suite, VecDot.OP, type, "n=" + n, VecDot.flops(n), bytes, Roof.reading(bytes), (kernels, operands) -> {
      Buffer a = operands.random(type, n);
      Buffer b = operands.random(type, n);
      Buffer out = operands.zeros(DType.F32, 1);
      return () -> kernels.vecDot(a, b, out, n);
    });
  }

  /** By -1: repeated scaling must neither vanish nor overflow. */
  static BenchCase scale(String suite, DType type, long n) {
    double bytes = VecScale.bytes(type, n);
    return BenchCase.of(suite, VecScale.OP, type, "n=" + n, n, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(type, n);
      return () -> kernels.vecScale(x, -1f, n);
    });
  }

  static BenchCase axpy(String suite, DType type, long n) {
    double bytes = VecAxpy.bytes(type, n);
    return BenchCase.of(suite, VecAxpy.OP, type, "n=" + n, VecAxpy.flops(n), bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer y = operands.random(type, n);
      Buffer x = operands.random(type, n);
      return () -> kernels.vecAxpy(y, 1e-9f, x, n);
    });
  }

  /** From {@code type} to f32, or from f32 to f16. */
  static BenchCase cast(String suite, DType type, long n) {
    DType to = type == DType.F32 ? DType.F16 : DType.F32;
    double bytes = Cast.bytes(type, to, n);
    return BenchCase.of(suite, Cast.OP, type, "n=" + n, n, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(type, n);
      Buffer out = operands.zeros(to, n);
      return () -> kernels.cast(x, out, n);
    });
  }
}
