package io.gllm.kernels.cuda;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.PortableTable;
import io.gllm.kernels.api.spi.Candidate;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The tuned kernels of the fast mode, candidates before the portable ones. Each takes the calls whose shape it is made for and hands
 * the others on to the next candidate.
 */
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

  private static final List<Row<?>> ROWS = List.of(
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
          CudaFlashAttention::new));

  private CudaTable() {}

  private interface Factory<K> {
    K create(Launcher launcher, ElementType type, K next);
  }

  /**
   * A tuned kernel.
   *
   * @param purpose which calls it is for
   * @param symbols what it launches for a type, the main one first
   */
  private record Row<K>(Op<K> op, Collection<? extends ElementType> types, String purpose, Function<ElementType, List<String>> symbols,
      Factory<K> factory) {
    boolean isFor(Op<?> other, ElementType type) {
      return op == other && types.contains(type);
    }

    /** The first of its kernels that the device has no code for, or null. */
    String missing(CudaModules modules, ElementType type) {
      return symbols.apply(type).stream().filter(symbol -> !modules.has(symbol)).findFirst().orElse(null);
    }
  }

  /** The best kernel of an operator and type. */
  @SuppressWarnings("unchecked")
  static <K> K kernel(Launcher launcher, CudaModules modules, Op<K> op, ElementType type) {
    K next = PortableTable.kernel(launcher, op, type);
    for (Row<?> row : ROWS.reversed()) {
      if (row.isFor(op, type) && row.missing(modules, type) == null) {
        next = ((Row<K>) row).factory().create(launcher, type, next);
      }
    }
    return next;
  }

  /** The candidates of an operator and type, best first; none if only the portable kernel is one. */
  static List<Candidate> explain(CudaModules modules, Map<String, String> quarantined, Op<?> op, ElementType type, Numerics numerics) {
    return ROWS.stream().filter(row -> row.isFor(op, type)).map(row -> {
      List<String> symbols = row.symbols().apply(type);
      String main = symbols.getFirst();
      String bad = symbols.stream().filter(quarantined::containsKey).findFirst().orElse(null);
      String missing = row.missing(modules, type);
      if (numerics == Numerics.REPRODUCIBLE) {
        return new Candidate(main, false, "does not keep the portable order of sums");
      } else if (missing != null) {
        return new Candidate(main, false, "this version has no code of " + missing + " for the device");
      } else if (bad != null) {
        return new Candidate(main, false, bad + " is in quarantine: " + quarantined.get(bad));
      }
      return new Candidate(main, true, row.purpose() + ", " + modules.code(main));
    }).toList();
  }

  /** Whether a tuned kernel is launched for an operator and type. */
  static boolean launches(Op<?> op, ElementType type, String symbol) {
    return ROWS.stream().anyMatch(row -> row.isFor(op, type) && row.symbols().apply(type).contains(symbol));
  }

  /** Every tuned kernel. */
  static Set<String> symbols() {
    Set<String> all = new TreeSet<>();
    ROWS.forEach(row -> row.types().forEach(type -> all.addAll(row.symbols().apply(type))));
    return all;
  }
}
