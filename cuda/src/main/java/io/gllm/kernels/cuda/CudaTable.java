package io.gllm.kernels.cuda;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.portable.TunedTable;
import io.gllm.kernels.api.portable.TunedTable.Row;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The tuned kernels of CUDA. */
final class CudaTable {
  /** The known answers of the tuned kernels. */
  static final String GOLDEN_LAUNCHES = "META-INF/gllm/cuda-tuned/golden-launches.bin";

  private static final List<ElementType> HALVES = List.of(DType.F16, DType.BF16);
  /** The formats without a table of vectors. */
  private static final Set<QuantFormat> BLOCKS = EnumSet.of(QuantFormat.Q4_0, QuantFormat.Q4_1, QuantFormat.Q5_0, QuantFormat.Q5_1,
      QuantFormat.Q8_0, QuantFormat.Q2_K, QuantFormat.Q3_K, QuantFormat.Q4_K, QuantFormat.Q5_K, QuantFormat.Q6_K, QuantFormat.IQ4_NL,
      QuantFormat.IQ4_XS, QuantFormat.MXFP4, QuantFormat.NVFP4, QuantFormat.TQ1_0, QuantFormat.TQ2_0, QuantFormat.Q1_0, QuantFormat.Q2_0);
  private static final String MMA_PURPOSE = "tensor cores, for " + MmaTiles.LEAST_ROWS + " rows and more, of whole 16 bytes";
  private static final String GEMV_PURPOSE = "weights read 16 bytes at a time, once for 1 to " + CudaGemv.MOST_ROWS
      + " rows of f32, of whole 16 bytes";
  private static final String PAGED_PURPOSE = "keys read once for all heads that share them, spans side by side, for heads of whole 16 bytes";
  private static final String ROWS_PURPOSE = "sums by shuffles, rows held in registers, for rows of whole 16 bytes";

  static final TunedTable TUNED = new TunedTable(List.of(
      new Row<>(QuantMatMul.OP, BLOCKS, "integer products with quantised activations, for 1 to " + CudaQuantGemv.MOST_ROWS + " rows",
          CudaQuantGemv::symbols, CudaQuantGemv::new),
      new Row<>(QuantMatMul.OP, BLOCKS,
          "integer products with quantised activations on tensor cores, for " + MmaTiles.LEAST_ROWS + " rows and more",
          CudaQuantGemm::symbols, CudaQuantGemm::new),
      new Row<>(MatMul.GEMM, HALVES, MMA_PURPOSE, CudaGemm::columnSymbols, CudaGemm::columns),
      new Row<>(MatMul.GEMM_BIAS, HALVES, MMA_PURPOSE, CudaGemm::columnSymbols, CudaGemm::bias),
      new Row<>(MatMul.GEMM_BIAS_ACT, HALVES, MMA_PURPOSE, CudaGemm::columnSymbols, CudaGemm::biasAct),
      new Row<>(MatMul.GEMV, Op.FLOATS, GEMV_PURPOSE, CudaGemv::symbols, CudaGemv::gemv),
      new Row<>(MatMul.GEMM_BT, Op.FLOATS, GEMV_PURPOSE, CudaGemv::symbols, CudaGemv::rows),
      new Row<>(MatMul.GEMM_PREPACKED, Op.FLOATS, GEMV_PURPOSE, CudaGemv::symbols, CudaGemv::rows),
      new Row<>(MatMul.GEMM_BT, HALVES, MMA_PURPOSE, CudaGemm::rowSymbols, CudaGemm::rows),
      new Row<>(MatMul.GEMM_PREPACKED, HALVES, MMA_PURPOSE, CudaGemm::rowSymbols, CudaGemm::rows),
      new Row<>(RmsNorm.OP, Op.FLOATS, ROWS_PURPOSE, type -> List.of(CudaRows.symbol(RmsNorm.OP, type)), CudaRows::rmsNorm),
      new Row<>(RmsNorm.RESIDUAL, Op.FLOATS, ROWS_PURPOSE, type -> List.of(CudaRows.symbol(RmsNorm.RESIDUAL, type)),
          CudaRows::rmsNormResidual),
      new Row<>(LayerNorm.OP, Op.FLOATS, ROWS_PURPOSE, type -> List.of(CudaRows.symbol(LayerNorm.OP, type)), CudaRows::layerNorm),
      new Row<>(Softmax.OP, Op.FLOATS, ROWS_PURPOSE,
          type -> List.of(CudaRows.symbol(Softmax.OP, type), CudaRows.maskedSymbol(type)), CudaRows::softmax),
      new Row<>(PagedAttention.OP, Op.FLOATS, PAGED_PURPOSE,
          CudaPagedDecode::symbols, CudaPagedDecode::new),
      new Row<>(FlashAttention.OP, HALVES, "tensor cores, for 4 queries and more with heads of 64, 80, 96 or 128",
          CudaFlashAttention::symbols,
          CudaFlashAttention::new)));

  private CudaTable() {}
}
