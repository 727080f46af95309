package io.gllm.kernels;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
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
import java.lang.reflect.Array;

/**
 * The kernels of one queue, bound at start: per operator an array over {@link ElementType#index()}, so that a call is an array
 * read and an interface call. A missing kernel fails here, at start.
 */
final class KernelTable {
  final VecDot.Kernel[] vecDot;
  final BinaryOp.Kernel[] add;
  final BinaryOp.Kernel[] sub;
  final BinaryOp.Kernel[] mul;
  final BinaryOp.Kernel[] swiglu;
  final VecScale.Kernel[] scale;
  final VecAxpy.Kernel[] axpy;
  final ReduceOp.Kernel[] sum;
  final ReduceOp.Kernel[] max;
  final ReduceOp.Kernel[] sumSquares;
  final UnaryOp.Kernel[] exp;
  final UnaryOp.Kernel[] silu;
  final UnaryOp.Kernel[] gelu;
  final UnaryOp.Kernel[] geluErf;
  final UnaryOp.Kernel[] relu;
  final UnaryOp.Kernel[] tanh;
  final Cast.Kernel[] cast;
  final MatMul.Gemv[] gemv;
  final MatMul.Gemm[] gemm;
  final MatMul.Gemm[] gemmBt;
  final MatMul.GemmBias[] gemmBias;
  final MatMul.GemmBiasAct[] gemmBiasAct;
  final PackB.Kernel[] packB;
  final MatMul.Gemm[] gemmPrepacked;
  final Softmax.Kernel[] softmax;
  final RmsNorm.Kernel[] rmsNorm;
  final RmsNorm.Residual[] rmsNormResidual;
  final LayerNorm.Kernel[] layerNorm;
  final Rope.Kernel[] rope;
  final Rope.WithPositions[] ropeWithPositions;
  final Embedding.Kernel[] embedding;
  final QuantMatMul.Kernel[] quantMatMul;
  final Dequant.Kernel[] dequant;
  final Quantize.Kernel[] quantize;
  final FlashAttention.Kernel[] flashAttention;
  final PagedAttention.Kernel[] pagedAttention;
  final KvAppend.Kernel[] kvAppend;
  final Sampling.Argmax[] argmax;
  final Sampling.TopK topK;
  final Sampling.TopP topP;
  final Sampling.Temperature temperature;
  final Sampling.Philox philox;
  final Sampling.Sample sample;

  /** Where kernels come from. */
  interface Source {
    <K> K kernel(Op<K> op, ElementType type);
  }

  KernelTable(Source source) {
    vecDot = bind(source, VecDot.OP);
    add = bind(source, BinaryOp.ADD);
    sub = bind(source, BinaryOp.SUB);
    mul = bind(source, BinaryOp.MUL);
    swiglu = bind(source, BinaryOp.SWIGLU);
    scale = bind(source, VecScale.OP);
    axpy = bind(source, VecAxpy.OP);
    sum = bind(source, ReduceOp.SUM);
    max = bind(source, ReduceOp.MAX);
    sumSquares = bind(source, ReduceOp.SUM_SQUARES);
    exp = bind(source, UnaryOp.EXP);
    silu = bind(source, UnaryOp.SILU);
    gelu = bind(source, UnaryOp.GELU);
    geluErf = bind(source, UnaryOp.GELU_ERF);
    relu = bind(source, UnaryOp.RELU);
    tanh = bind(source, UnaryOp.TANH);
    cast = bind(source, Cast.OP);
    gemv = bind(source, MatMul.GEMV);
    gemm = bind(source, MatMul.GEMM);
    gemmBt = bind(source, MatMul.GEMM_BT);
    gemmBias = bind(source, MatMul.GEMM_BIAS);
    gemmBiasAct = bind(source, MatMul.GEMM_BIAS_ACT);
    packB = bind(source, PackB.OP);
    gemmPrepacked = bind(source, MatMul.GEMM_PREPACKED);
    softmax = bind(source, Softmax.OP);
    rmsNorm = bind(source, RmsNorm.OP);
    rmsNormResidual = bind(source, RmsNorm.RESIDUAL);
    layerNorm = bind(source, LayerNorm.OP);
    rope = bind(source, Rope.OP);
    ropeWithPositions = bind(source, Rope.WITH_POSITIONS);
    embedding = bind(source, Embedding.OP);
    quantMatMul = bind(source, QuantMatMul.OP);
    dequant = bind(source, Dequant.OP);
    quantize = bind(source, Quantize.OP);
    flashAttention = bind(source, FlashAttention.OP);
    pagedAttention = bind(source, PagedAttention.OP);
    kvAppend = bind(source, KvAppend.OP);
    argmax = bind(source, Sampling.ARGMAX);
    topK = source.kernel(Sampling.TOP_K, DType.F32);
    topP = source.kernel(Sampling.TOP_P, DType.F32);
    temperature = source.kernel(Sampling.TEMPERATURE, DType.F32);
    philox = source.kernel(Sampling.PHILOX, DType.I32);
    sample = source.kernel(Sampling.SAMPLE, DType.F32);
  }

  @SuppressWarnings("unchecked")
  private static <K> K[] bind(Source source, Op<K> op) {
    K[] kernels = (K[]) Array.newInstance(op.kernel(), ElementType.count());
    for (ElementType type : op.types()) {
      kernels[type.index()] = source.kernel(op, type);
    }
    return kernels;
  }
}
