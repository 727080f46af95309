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
import io.gllm.kernels.api.spi.Queue;
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

  KernelTable(Queue queue) {
    vecDot = bind(queue, VecDot.OP);
    add = bind(queue, BinaryOp.ADD);
    sub = bind(queue, BinaryOp.SUB);
    mul = bind(queue, BinaryOp.MUL);
    swiglu = bind(queue, BinaryOp.SWIGLU);
    scale = bind(queue, VecScale.OP);
    axpy = bind(queue, VecAxpy.OP);
    sum = bind(queue, ReduceOp.SUM);
    max = bind(queue, ReduceOp.MAX);
    sumSquares = bind(queue, ReduceOp.SUM_SQUARES);
    exp = bind(queue, UnaryOp.EXP);
    silu = bind(queue, UnaryOp.SILU);
    gelu = bind(queue, UnaryOp.GELU);
    geluErf = bind(queue, UnaryOp.GELU_ERF);
    relu = bind(queue, UnaryOp.RELU);
    tanh = bind(queue, UnaryOp.TANH);
    cast = bind(queue, Cast.OP);
    gemv = bind(queue, MatMul.GEMV);
    gemm = bind(queue, MatMul.GEMM);
    gemmBt = bind(queue, MatMul.GEMM_BT);
    gemmBias = bind(queue, MatMul.GEMM_BIAS);
    gemmBiasAct = bind(queue, MatMul.GEMM_BIAS_ACT);
    packB = bind(queue, PackB.OP);
    gemmPrepacked = bind(queue, MatMul.GEMM_PREPACKED);
    softmax = bind(queue, Softmax.OP);
    rmsNorm = bind(queue, RmsNorm.OP);
    rmsNormResidual = bind(queue, RmsNorm.RESIDUAL);
    layerNorm = bind(queue, LayerNorm.OP);
    rope = bind(queue, Rope.OP);
    ropeWithPositions = bind(queue, Rope.WITH_POSITIONS);
    embedding = bind(queue, Embedding.OP);
    quantMatMul = bind(queue, QuantMatMul.OP);
    dequant = bind(queue, Dequant.OP);
    quantize = bind(queue, Quantize.OP);
    flashAttention = bind(queue, FlashAttention.OP);
    pagedAttention = bind(queue, PagedAttention.OP);
    kvAppend = bind(queue, KvAppend.OP);
    argmax = bind(queue, Sampling.ARGMAX);
    topK = queue.kernel(Sampling.TOP_K, DType.F32);
    topP = queue.kernel(Sampling.TOP_P, DType.F32);
    temperature = queue.kernel(Sampling.TEMPERATURE, DType.F32);
    philox = queue.kernel(Sampling.PHILOX, DType.I32);
    sample = queue.kernel(Sampling.SAMPLE, DType.F32);
  }

  @SuppressWarnings("unchecked")
  private static <K> K[] bind(Queue queue, Op<K> op) {
    K[] kernels = (K[]) Array.newInstance(op.kernel(), ElementType.count());
    for (ElementType type : op.types()) {
      kernels[type.index()] = queue.kernel(op, type);
    }
    return kernels;
  }
}
