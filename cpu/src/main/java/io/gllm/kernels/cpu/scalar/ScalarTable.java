package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.api.op.VecScale;
import io.gllm.kernels.cpu.CpuKernel;
import io.gllm.kernels.cpu.CpuTable;
import io.gllm.kernels.cpu.Tier;

/** The scalar tier: plain Java, every operator, and the definition of REPRODUCIBLE results. */
public final class ScalarTable {
  private ScalarTable() {}

  /** Appends the scalar kernel of every operator and type, and the loops that stand in for the limits of the machine. */
  public static void fill(CpuTable table) {
    vectors(table);
    matrices(table);
    rows(table);
    attention(table);
    sampling(table);
    JavaPeaks.fill(table);
  }

  private static <K> void add(CpuTable table, Op<K> op, CpuKernel.Factory<K> factory) {
    table.add(op, Tier.SCALAR, true, factory);
  }

  private static void vectors(CpuTable table) {
    add(table, VecDot.OP, (c, t) -> new ScalarReduce(c, t, ScalarReduce.Kind.DOT));
    add(table, ReduceOp.SUM, (c, t) -> new ScalarReduce(c, t, ScalarReduce.Kind.SUM));
    add(table, ReduceOp.MAX, (c, t) -> new ScalarReduce(c, t, ScalarReduce.Kind.MAX));
    add(table, ReduceOp.SUM_SQUARES, (c, t) -> new ScalarReduce(c, t, ScalarReduce.Kind.SUM_SQUARES));
    add(table, BinaryOp.ADD, (c, t) -> new ScalarBinary(c, t, (a, b) -> a + b));
    add(table, BinaryOp.SUB, (c, t) -> new ScalarBinary(c, t, (a, b) -> a - b));
    add(table, BinaryOp.MUL, (c, t) -> new ScalarBinary(c, t, (a, b) -> a * b));
    add(table, BinaryOp.SWIGLU, (c, t) -> new ScalarBinary(c, t, (a, b) -> PortableMath.silu(a) * b));
    add(table, VecScale.OP, ScalarVecScale::new);
    add(table, VecAxpy.OP, ScalarVecAxpy::new);
    add(table, UnaryOp.EXP, (c, t) -> new ScalarUnary(c, t, PortableMath::exp));
    add(table, UnaryOp.SILU, (c, t) -> new ScalarUnary(c, t, PortableMath::silu));
    add(table, UnaryOp.GELU, (c, t) -> new ScalarUnary(c, t, PortableMath::gelu));
    add(table, UnaryOp.GELU_ERF, (c, t) -> new ScalarUnary(c, t, PortableMath::geluErf));
    add(table, UnaryOp.RELU, (c, t) -> new ScalarUnary(c, t, PortableMath::relu));
    add(table, UnaryOp.TANH, (c, t) -> new ScalarUnary(c, t, PortableMath::tanh));
    add(table, Cast.OP, ScalarCast::new);
  }

  private static void matrices(CpuTable table) {
    add(table, MatMul.GEMV, (c, t) -> new ScalarMatMul(c, t, false));
    add(table, MatMul.GEMM, (c, t) -> new ScalarMatMul(c, t, true)::gemm);
    add(table, MatMul.GEMM_BT, (c, t) -> new ScalarMatMul(c, t, false)::gemm);
    add(table, MatMul.GEMM_BIAS, (c, t) -> new ScalarMatMul(c, t, true));
    add(table, MatMul.GEMM_BIAS_ACT, (c, t) -> new ScalarMatMul(c, t, true));
    add(table, MatMul.GEMM_PREPACKED, (c, t) -> new ScalarMatMul(c, t, false)::gemm);
    add(table, PackB.OP, ScalarPackB::new);
    add(table, QuantMatMul.OP, (c, t) -> new ScalarMatMul(c, t, false));
    add(table, Dequant.OP, ScalarDequant::new);
    add(table, Quantize.OP, ScalarQuantize::new);
    add(table, Embedding.OP, ScalarEmbedding::new);
  }

  private static void rows(CpuTable table) {
    add(table, Softmax.OP, ScalarSoftmax::new);
    add(table, RmsNorm.OP, ScalarRmsNorm::new);
    add(table, RmsNorm.RESIDUAL, ScalarRmsNorm::new);
    add(table, LayerNorm.OP, ScalarLayerNorm::new);
    add(table, Rope.OP, ScalarRope::new);
    add(table, Rope.WITH_POSITIONS, ScalarRope::new);
  }

  private static void attention(CpuTable table) {
    add(table, FlashAttention.OP, ScalarFlashAttention::new);
    add(table, PagedAttention.OP, ScalarPagedAttention::new);
    add(table, KvAppend.OP, ScalarKvAppend::new);
  }

  private static void sampling(CpuTable table) {
    add(table, Sampling.ARGMAX, ScalarArgmax::new);
    add(table, Sampling.TOP_K, ScalarTopK::new);
    add(table, Sampling.TOP_P, ScalarTopP::new);
    add(table, Sampling.TEMPERATURE, ScalarVecScale::temperature);
    add(table, Sampling.PHILOX, ScalarPhilox::new);
    add(table, Sampling.SAMPLE, ScalarSample::new);
  }
}
