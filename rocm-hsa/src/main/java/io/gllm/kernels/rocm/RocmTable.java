package io.gllm.kernels.rocm;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.TunedTable;
import io.gllm.kernels.api.portable.TunedTable.Row;
import java.util.List;
import java.util.Set;

/** The tuned kernels of ROCm. */
final class RocmTable {
  /** The known answers of the tuned kernels. */
  static final String GOLDEN_LAUNCHES = "META-INF/gllm/rocm-tuned/golden-launches.bin";

  private static final List<ElementType> HALVES = List.of(DType.F16, DType.BF16);
  private static final String MATRIX = "matrix instructions, for activations of the same type and 9 rows and more";

  static final TunedTable TUNED = new TunedTable(List.of(
      new Row<>(QuantMatMul.OP, Set.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K),
          "integer products with quantised activations, for 1 to " + RocmQuantGemv.MOST_ROWS + " rows", RocmQuantGemv::symbols,
          RocmQuantGemv::new),
      new Row<>(MatMul.GEMM, HALVES, MATRIX, RocmGemm::columnSymbols, RocmGemm::columns),
      new Row<>(MatMul.GEMM_BT, HALVES, MATRIX, RocmGemm::rowSymbols, RocmGemm::rows),
      new Row<>(MatMul.GEMM_PREPACKED, HALVES, MATRIX, RocmGemm::rowSymbols, RocmGemm::rows),
      new Row<>(FlashAttention.OP, HALVES, "matrix instructions, for 4 queries and more with heads of 64 or 128",
          RocmFlashAttention::symbols, RocmFlashAttention::new)));

  private RocmTable() {}
}
