package io.gllm.kernels.api.op;

import io.gllm.kernels.api.KernelException;
import java.util.List;

/** The closed set of operators. Every backend has a kernel for each of them and each of its types. */
public final class Ops {
  private static final List<Op<?>> ALL = List.of(
      VecDot.OP, BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, VecScale.OP, VecAxpy.OP, ReduceOp.SUM, ReduceOp.MAX, ReduceOp.SUM_SQUARES,
      UnaryOp.EXP, UnaryOp.SILU, UnaryOp.GELU, UnaryOp.GELU_ERF, UnaryOp.RELU, UnaryOp.TANH, BinaryOp.SWIGLU, Cast.OP,
      MatMul.GEMV, MatMul.GEMM, MatMul.GEMM_BT, MatMul.GEMM_BIAS, MatMul.GEMM_BIAS_ACT, PackB.OP, MatMul.GEMM_PREPACKED,
      Softmax.OP, RmsNorm.OP, RmsNorm.RESIDUAL, LayerNorm.OP, Rope.OP, Rope.WITH_POSITIONS, Embedding.OP,
      QuantMatMul.OP, Dequant.OP, Quantize.OP, FlashAttention.OP, PagedAttention.OP, KvAppend.OP,
      Sampling.ARGMAX, Sampling.TOP_K, Sampling.TOP_P, Sampling.TEMPERATURE, Sampling.PHILOX, Sampling.SAMPLE);

  private Ops() {}

  /** All operators, in the order of the documentation. */
  public static List<Op<?>> all() {
    return ALL;
  }

  /**
   * The operator called {@code name}.
   *
   * @throws KernelException if there is none
   */
  public static Op<?> named(String name) {
    for (Op<?> op : ALL) {
      if (op.name().equals(name)) {
        return op;
      }
    }
    throw new KernelException("there is no operator '" + name + "'; known: " + ALL);
  }
}
