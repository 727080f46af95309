package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.Op;
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
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.CpuKernel;
import io.gllm.kernels.cpu.CpuTable;
import io.gllm.kernels.cpu.Tier;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * The vector tier: the Vector API, in any shape of 128 to 512 bits. Everything but products of matrices and attention keeps the order
 * of the scalar tier and its separate multiply and add, and so its bits. pack_b, top_k, top_p, philox and sample gain nothing from
 * vectors and are left to the scalar tier.
 */
public final class VectorTable {
  /** Formats of weights that {@link BlockDecoder} decodes; the others are left to the scalar tier. */
  private static final List<QuantFormat> WEIGHTS = List.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K);

  private VectorTable() {}

  /** Appends the vector kernels. Loading this class needs the module jdk.incubator.vector. */
  public static void fill(CpuTable table) {
    arithmetic(table);
    functions(table);
    reductions(table);
    matrices(table);
    rows(table);
    memory(table);
  }

  /** Bits of the vectors that the runtime compiles to instructions; 64 if it compiles none. */
  public static int bits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }

  /** A kernel with the bits of the scalar tier. */
  private static <K> void same(CpuTable table, Op<K> op, CpuKernel.Factory<K> factory) {
    table.add(op, Tier.VECTOR, true, factory);
  }

  /** A kernel with sums in another order, fused. */
  private static <K> void fast(CpuTable table, Op<K> op, CpuKernel.Factory<K> factory) {
    table.add(op, Tier.VECTOR, false, factory);
  }

  private static VectorElementwise map(CpuContext context, ElementType type, VectorElementwise.Loop loop) {
    return VectorElementwise.loop(context, type, loop);
  }

  private static VectorElementwise passes(CpuContext context, ElementType type, VectorElementwise.Passes passes) {
    return VectorElementwise.passes(context, type, passes);
  }

  private static void arithmetic(CpuTable table) {
    same(table, BinaryOp.ADD, (c, t) -> map(c, t, (a, aAt, b, bAt, o, oAt, s, n) -> ElementLoops.add(a, aAt, b, bAt, o, oAt, n)));
    same(table, BinaryOp.SUB, (c, t) -> map(c, t, (a, aAt, b, bAt, o, oAt, s, n) -> ElementLoops.sub(a, aAt, b, bAt, o, oAt, n)));
    same(table, BinaryOp.MUL, (c, t) -> map(c, t, (a, aAt, b, bAt, o, oAt, s, n) -> ElementLoops.mul(a, aAt, b, bAt, o, oAt, n)));
    same(table, VecScale.OP, (c, t) -> map(c, t, (a, aAt, b, bAt, o, oAt, s, n) -> ElementLoops.scale(a, aAt, s, o, oAt, n)));
    same(table, Sampling.TEMPERATURE,
        (c, t) -> map(c, DType.F32, (a, aAt, b, bAt, o, oAt, s, n) -> ElementLoops.scale(a, aAt, s, o, oAt, n)));
    same(table, VecAxpy.OP, (c, t) -> map(c, t, (a, aAt, b, bAt, o, oAt, s, n) -> ElementLoops.axpy(a, aAt, s, b, bAt, o, oAt, n)));
  }

  private static void functions(CpuTable table) {
    long row = VectorElementwise.ROW;
    same(table, UnaryOp.EXP, (c, t) -> map(c, t, (a, aAt, b, bAt, o, oAt, s, n) -> Functions.exp(a, aAt, o, oAt, n)));
    same(table, UnaryOp.RELU, (c, t) -> map(c, t, (a, aAt, b, bAt, o, oAt, s, n) -> ElementLoops.relu(a, aAt, o, oAt, n)));
    same(table, UnaryOp.SILU, (c, t) -> passes(c, t, (s, x, y, w, n) -> Functions.silu(s, x, w, w + row, n)));
    same(table, UnaryOp.GELU, (c, t) -> passes(c, t, (s, x, y, w, n) -> Functions.gelu(s, x, w, w + row, w + 2 * row, n)));
    same(table, UnaryOp.GELU_ERF,
        (c, t) -> passes(c, t, (s, x, y, w, n) -> Functions.geluErf(s, x, w, w + row, w + 2 * row, w + 3 * row, n)));
    same(table, UnaryOp.TANH, (c, t) -> passes(c, t, (s, x, y, w, n) -> Functions.tanh(s, x, w, w + row, n)));
    same(table, BinaryOp.SWIGLU, (c, t) -> passes(c, t, (s, x, y, w, n) -> {
      Functions.silu(s, x, w, w + row, n);
      ElementLoops.mul(s, x, s, y, s, x, n);
    }));
    same(table, Cast.OP, VectorCast::new);
  }

  private static void reductions(CpuTable table) {
    same(table, VecDot.OP, (c, t) -> new VectorReduce(c, t, VectorReduce.Kind.DOT));
    same(table, ReduceOp.SUM, (c, t) -> new VectorReduce(c, t, VectorReduce.Kind.SUM));
    same(table, ReduceOp.MAX, (c, t) -> new VectorReduce(c, t, VectorReduce.Kind.MAX));
    same(table, ReduceOp.SUM_SQUARES, (c, t) -> new VectorReduce(c, t, VectorReduce.Kind.SUM_SQUARES));
  }

  private static void matrices(CpuTable table) {
    fast(table, MatMul.GEMV, (c, t) -> new VectorMatMul(c, t, false));
    fast(table, MatMul.GEMM, (c, t) -> new VectorMatMul(c, t, true)::gemm);
    fast(table, MatMul.GEMM_BT, (c, t) -> new VectorMatMul(c, t, false)::gemm);
    fast(table, MatMul.GEMM_BIAS, (c, t) -> new VectorMatMul(c, t, true));
    fast(table, MatMul.GEMM_BIAS_ACT, (c, t) -> new VectorMatMul(c, t, true));
    fast(table, MatMul.GEMM_PREPACKED, (c, t) -> new VectorMatMul(c, t, false)::gemm);
    for (QuantFormat format : WEIGHTS) {
      table.add(QuantMatMul.OP, format, Tier.VECTOR, false, (c, t) -> new VectorMatMul(c, t, false));
      table.add(Dequant.OP, format, Tier.VECTOR, true, VectorDequant::new);
    }
    table.add(Dequant.OP, QuantFormat.Q8_K, Tier.VECTOR, true, VectorDequant::new);
    same(table, Quantize.OP, VectorQuantize::new);
  }

  private static void rows(CpuTable table) {
    same(table, Softmax.OP, VectorSoftmax::new);
    same(table, RmsNorm.OP, VectorRmsNorm::new);
    same(table, RmsNorm.RESIDUAL, VectorRmsNorm::new);
    same(table, LayerNorm.OP, VectorLayerNorm::new);
    same(table, Rope.OP, VectorRope::new);
    same(table, Rope.WITH_POSITIONS, VectorRope::new);
  }

  private static void memory(CpuTable table) {
    fast(table, FlashAttention.OP, VectorFlashAttention::new);
    fast(table, PagedAttention.OP, VectorPagedAttention::new);
    same(table, KvAppend.OP, VectorKvAppend::new);
    Op.FLOATS.forEach(type -> table.add(Embedding.OP, type, Tier.VECTOR, true, VectorEmbedding::new));
    WEIGHTS.forEach(format -> table.add(Embedding.OP, format, Tier.VECTOR, true, VectorEmbedding::new));
  }
}
