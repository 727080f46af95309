package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.UnsupportedKernelException;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The portable kernel of every operator and type: the last candidate of every backend's table. Looked up at start only. */
public final class PortableTable {
  private static final Map<Op<?>, Factory<?>> ROWS = new HashMap<>();

  static {
    vectors();
    matrices();
    rows();
    attention();
    sampling();
  }

  private PortableTable() {}

  private interface Factory<K> {
    K create(Launcher launcher, ElementType type);
  }

  private static <K> void add(Op<K> op, Factory<K> factory) {
    ROWS.put(op, factory);
  }

  private static void vectors() {
    for (Op<UnaryOp.Kernel> op : List.of(UnaryOp.EXP, UnaryOp.SILU, UnaryOp.GELU, UnaryOp.GELU_ERF, UnaryOp.RELU, UnaryOp.TANH)) {
      add(op, (launcher, type) -> new PortableUnary(launcher, op, type));
    }
    for (Op<BinaryOp.Kernel> op : List.of(BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.SWIGLU)) {
      add(op, (launcher, type) -> new PortableBinary(launcher, op, type));
    }
    for (Op<ReduceOp.Kernel> op : List.of(ReduceOp.SUM, ReduceOp.MAX, ReduceOp.SUM_SQUARES)) {
      add(op, (launcher, type) -> new PortableReduce(launcher, op, type));
    }
    add(VecDot.OP, (launcher, type) -> new PortableReduce(launcher, VecDot.OP, type));
    add(VecScale.OP, PortableVecScale::new);
    add(VecAxpy.OP, PortableVecAxpy::new);
    add(Cast.OP, PortableCast::new);
  }

  private static void matrices() {
    add(MatMul.GEMV, PortableMatMul::new);
    add(MatMul.GEMM, (launcher, type) -> new PortableGemm(launcher, type, false)::gemm);
    add(MatMul.GEMM_BT, (launcher, type) -> new PortableMatMul(launcher, type)::gemm);
    add(MatMul.GEMM_BIAS, (launcher, type) -> new PortableGemm(launcher, type, true));
    add(MatMul.GEMM_BIAS_ACT, (launcher, type) -> new PortableGemm(launcher, type, true));
    add(MatMul.GEMM_PREPACKED, (launcher, type) -> new PortableMatMul(launcher, type)::gemm);
    add(PackB.OP, PortablePackB::new);
    add(QuantMatMul.OP, PortableQuantMatMul::new);
    add(Dequant.OP, PortableDequant::new);
    add(Quantize.OP, PortableQuantize::new);
    add(Embedding.OP, PortableEmbedding::new);
  }

  private static void rows() {
    add(Softmax.OP, PortableSoftmax::new);
    add(RmsNorm.OP, PortableRmsNorm::new);
    add(RmsNorm.RESIDUAL, PortableRmsNormResidual::new);
    add(LayerNorm.OP, PortableLayerNorm::new);
    add(Rope.OP, PortableRope::new);
    add(Rope.WITH_POSITIONS, PortableRopeWithPositions::new);
  }

  private static void attention() {
    add(FlashAttention.OP, PortableFlashAttention::new);
    add(PagedAttention.OP, PortablePagedAttention::new);
    add(KvAppend.OP, PortableKvAppend::new);
  }

  private static void sampling() {
    add(Sampling.ARGMAX, PortableArgmax::new);
    add(Sampling.TOP_K, (launcher, type) -> new PortableTopK(launcher));
    add(Sampling.TOP_P, (launcher, type) -> new PortableTopP(launcher));
    add(Sampling.PHILOX, (launcher, type) -> new PortablePhilox(launcher));
    add(Sampling.SAMPLE, (launcher, type) -> new PortableSample(launcher));
    add(Sampling.TEMPERATURE, PortableVecScale::new);
  }

  /**
   * The kernel of an operator and type on a queue.
   *
   * @throws UnsupportedKernelException if there is none
   */
  @SuppressWarnings("unchecked")
  public static <K> K kernel(Launcher launcher, Op<K> op, ElementType type) {
    Factory<K> factory = (Factory<K>) ROWS.get(op);
    if (factory == null || !op.types().contains(type)) {
      throw new UnsupportedKernelException(op.name(), type, "portable");
    }
    return factory.create(new TestedLauncher(launcher), type);
  }

  /** The device kernels that an operator and type may launch, the main one first; none if there is no portable kernel. */
  public static List<String> symbols(Op<?> op, ElementType type) {
    List<String> symbols = new ArrayList<>();
    if (ROWS.containsKey(op) && op.types().contains(type)) {
      kernel(new ListingLauncher(symbols), op, type);
    }
    return symbols;
  }
}
