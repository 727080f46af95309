package io.gllm.kernels.metal;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.TunedAttention;
import io.gllm.kernels.api.portable.TunedTable;
import io.gllm.kernels.api.portable.TunedTable.Row;
import java.util.List;
import java.util.Set;

/** The tuned kernels of Metal. */
final class MetalTable {
  /** The known answers of the tuned kernels. */
  static final String GOLDEN_LAUNCHES = "META-INF/gllm/metal-tuned/golden-launches.bin";

  private static final Set<QuantFormat> FORMATS = Set.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K);
  private static final String GEMM_PURPOSE = "matrices of SIMD groups, for " + MetalGemm.LEAST_ROWS + " rows and more";

  static final TunedTable TUNED = new TunedTable(List.of(
      new Row<>(QuantMatMul.OP, FORMATS, "sums of SIMD groups, for 1 to " + MetalQuantGemv.MOST_ROWS + " rows", MetalQuantGemv::symbols,
          MetalQuantGemv::new),
      new Row<>(QuantMatMul.OP, FORMATS, GEMM_PURPOSE, MetalQuantGemm::symbols, MetalQuantGemm::new),
      new Row<>(MatMul.GEMM, Op.FLOATS, GEMM_PURPOSE, MetalGemm::columnSymbols, MetalGemm::columns),
      new Row<>(MatMul.GEMM_BIAS, Op.FLOATS, GEMM_PURPOSE, MetalGemm::columnSymbols, MetalGemm::biased),
      new Row<>(MatMul.GEMM_BIAS_ACT, Op.FLOATS, GEMM_PURPOSE, MetalGemm::columnSymbols, MetalGemm::activated),
      new Row<>(MatMul.GEMM_BT, Op.FLOATS, GEMM_PURPOSE, MetalGemm::rowSymbols, MetalGemm::rows),
      new Row<>(MatMul.GEMM_PREPACKED, Op.FLOATS, GEMM_PURPOSE, MetalGemm::rowSymbols, MetalGemm::rows),
      new Row<>(FlashAttention.OP, Op.FLOATS,
          "matrices of SIMD groups, for " + TunedAttention.LEAST_QUERIES + " queries and more with heads of 64, 80, 96, 128 or 256",
          MetalFlashAttention::symbols, MetalFlashAttention::new)));

  private MetalTable() {}

  /** The types of activations that a product with such weights takes, that of the weights first. */
  static List<DType> activations(ElementType weights) {
    return weights == DType.F32 ? List.of(DType.F32) : List.of((DType) weights, DType.F32);
  }
}
