package io.gllm.kernels.cpu.machine;

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
import java.util.List;

/**
 * The native tier. Reproducible is what rounds once for each operation of the portable kernels and sums nothing: the conformance
 * tests compare it with the scalar tier bit for bit.
 */
public final class NativeTable {
  private final CpuTable table;
  private final NativeKernels kernels;

  private NativeTable(CpuTable table, NativeKernels kernels) {
    this.table = table;
    this.kernels = kernels;
  }

  /** Appends the native kernels. */
  public static void fill(CpuTable table, NativeTier tier) {
    NativeTable rows = new NativeTable(table, NativeKernels.of(tier));
    rows.exact();
    rows.functions();
    rows.rows();
    rows.matrices(new GemmCode(tier), false);
    rows.matrices(new GemmCode(tier), true);
    rows.pairs(tier);
    rows.packing(new GemmCode(tier));
    NativePeaks.fill(table, tier);
    rows.quantised();
  }

  private <K> void reproducible(Op<K> op, CpuKernel.Factory<K> factory) {
    table.add(op, Tier.NATIVE, true, factory);
  }

  private <K> void fast(Op<K> op, CpuKernel.Factory<K> factory) {
    table.add(op, Tier.NATIVE, false, factory);
  }

  private void exact() {
    reproducible(BinaryOp.ADD, (c, t) -> new NativeBinary(kernels, "add", c, t));
    reproducible(BinaryOp.SUB, (c, t) -> new NativeBinary(kernels, "sub", c, t));
    reproducible(BinaryOp.MUL, (c, t) -> new NativeBinary(kernels, "mul", c, t));
    reproducible(VecScale.OP, (c, t) -> NativeScale.scale(kernels, c, t));
    reproducible(VecAxpy.OP, (c, t) -> NativeScale.axpy(kernels, c, t));
    reproducible(Sampling.TEMPERATURE, (c, t) -> NativeScale.temperature(kernels, c));
    reproducible(UnaryOp.RELU, (c, t) -> new NativeUnary(kernels, "relu", c, t));
    reproducible(Cast.OP, (c, t) -> new NativeCast(kernels, c, t));
    reproducible(Rope.OP, (c, t) -> new NativeRope(kernels, c, t));
    reproducible(Rope.WITH_POSITIONS, (c, t) -> new NativeRope(kernels, c, t));
    reproducible(KvAppend.OP, (c, t) -> NativeRows.kvAppend(kernels, c, t));
    reproducible(Sampling.ARGMAX, (c, t) -> NativeRows.argmax(kernels, c, t));
    for (ElementType type : Op.FLOATS) {
      table.add(Embedding.OP, type, Tier.NATIVE, true, (c, t) -> NativeRows.embedding(kernels, c, t));
    }
  }

  private void functions() {
    fast(UnaryOp.EXP, (c, t) -> new NativeUnary(kernels, "exp", c, t));
    fast(UnaryOp.SILU, (c, t) -> new NativeUnary(kernels, "silu", c, t));
    fast(UnaryOp.GELU, (c, t) -> new NativeUnary(kernels, "gelu", c, t));
    fast(UnaryOp.GELU_ERF, (c, t) -> new NativeUnary(kernels, "gelu_erf", c, t));
    fast(UnaryOp.TANH, (c, t) -> new NativeUnary(kernels, "tanh", c, t));
    fast(BinaryOp.SWIGLU, (c, t) -> new NativeBinary(kernels, "swiglu", c, t));
  }

  private void rows() {
    fast(VecDot.OP, (c, t) -> NativeReduce.dot(kernels, c, t));
    fast(ReduceOp.SUM, (c, t) -> NativeReduce.of(kernels, "sum", "sum", c, t));
    fast(ReduceOp.SUM_SQUARES, (c, t) -> NativeReduce.of(kernels, "sum_squares", "sum", c, t));
    fast(ReduceOp.MAX, (c, t) -> NativeReduce.of(kernels, "max", "max", c, t));
    fast(Softmax.OP, (c, t) -> new NativeSoftmax(kernels, c, t));
    fast(RmsNorm.OP, (c, t) -> new NativeRmsNorm(kernels, c, t));
    fast(RmsNorm.RESIDUAL, (c, t) -> new NativeRmsNorm(kernels, c, t));
    fast(LayerNorm.OP, (c, t) -> new NativeLayerNorm(kernels, c, t));
    fast(FlashAttention.OP, (c, t) -> new NativeFlashAttention(kernels, c, t));
    fast(PagedAttention.OP, (c, t) -> new NativePagedAttention(kernels, c, t));
  }

  /** Fast sums, and ordered ones, which have the bits of the portable kernels. */
  private void matrices(GemmCode code, boolean ordered) {
    table.add(MatMul.GEMV, Tier.NATIVE, ordered, (c, t) -> new NativeMatMul(code, c, true, ordered));
    table.add(MatMul.GEMM, Tier.NATIVE, ordered, (c, t) -> new NativeMatMul(code, c, false, ordered)::gemm);
    table.add(MatMul.GEMM_BT, Tier.NATIVE, ordered, (c, t) -> new NativeMatMul(code, c, true, ordered)::gemm);
    table.add(MatMul.GEMM_BIAS, Tier.NATIVE, ordered, (c, t) -> new NativeMatMul(code, c, false, ordered));
    table.add(MatMul.GEMM_BIAS_ACT, Tier.NATIVE, ordered, (c, t) -> new NativeMatMul(code, c, false, ordered));
    table.add(MatMul.GEMM_PREPACKED, Tier.NATIVE, ordered, (c, t) -> new NativeMatMul(code, c, true, ordered)::gemm);
  }

  /** Explains how bf16 activations are multiplied with bf16 weights, which depends on the processor. */
  private void pairs(NativeTier tier) {
    String how = tier.multipliesPairs()
        ? "bf16 by bf16 by vdpbf16ps, which takes subnormal numbers as zero"
        : "bf16 by bf16 in f32; in pairs only by AVX-512 with " + CpuFeatures.BF16_DOT;
    for (Op<?> op : List.of(MatMul.GEMM, MatMul.GEMM_BT, MatMul.GEMM_BIAS, MatMul.GEMM_BIAS_ACT, MatMul.GEMM_PREPACKED)) {
      table.remark(op, DType.BF16, Tier.NATIVE, how);
    }
  }

  private void packing(GemmCode code) {
    for (ElementType type : Op.FLOATS) {
      table.add(PackB.OP, type, Tier.NATIVE, true, (c, t) -> new NativePackB(code, c, t));
    }
  }

  private void quantised() {
    for (ElementType type : QuantMatMul.FORMATS) {
      table.add(QuantMatMul.OP, type, Tier.NATIVE, false, (c, t) -> NativeQuantMatMul.fast(kernels, c, t));
      table.add(QuantMatMul.OP, type, Tier.NATIVE, true, (c, t) -> NativeQuantMatMul.ordered(kernels, c, t));
      table.add(PackB.OP, type, Tier.NATIVE, true, (c, t) -> new NativeQuantPack(kernels, c, t));
      table.add(Embedding.OP, type, Tier.NATIVE, true, (c, t) -> new NativeQuantRows(kernels, c, t));
      table.add(Dequant.OP, type, Tier.NATIVE, true, (c, t) -> NativeQuantBlocks.dequant(kernels, c, t));
    }
    for (ElementType type : List.of(QuantFormat.Q8_1, QuantFormat.Q8_K)) {
      table.add(Dequant.OP, type, Tier.NATIVE, true, (c, t) -> NativeQuantBlocks.dequant(kernels, c, t));
    }
    reproducible(Quantize.OP, (c, t) -> NativeQuantBlocks.quantize(kernels, c, t));
  }
}
