package io.gllm.kernels.metal;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.PortableTable;
import io.gllm.kernels.api.spi.Candidate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The tuned kernels of the fast mode, candidates before the portable ones. Each takes the calls whose shape it is made for and hands
 * the others on to the next candidate.
 */
final class MetalTable {
  /** The known answers of the tuned kernels. */
  static final String GOLDEN_LAUNCHES = "META-INF/gllm/metal-tuned/golden-launches.bin";

  private static final Set<QuantFormat> FORMATS = Set.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K);
  private static final String GEMM_PURPOSE = "matrices of SIMD groups, for " + MetalGemm.LEAST_ROWS + " rows and more";

  private static final List<Row<?>> ROWS = List.of(
      new Row<>(QuantMatMul.OP, FORMATS, "sums of SIMD groups, for 1 to " + MetalQuantGemv.MOST_ROWS + " rows", MetalQuantGemv::symbols,
          MetalQuantGemv::new),
      new Row<>(QuantMatMul.OP, FORMATS, GEMM_PURPOSE, MetalQuantGemm::symbols, MetalQuantGemm::new),
      new Row<>(MatMul.GEMM, Op.FLOATS, GEMM_PURPOSE, MetalGemm::columnSymbols, MetalGemm::columns),
      new Row<>(MatMul.GEMM_BIAS, Op.FLOATS, GEMM_PURPOSE, MetalGemm::columnSymbols, MetalGemm::biased),
      new Row<>(MatMul.GEMM_BIAS_ACT, Op.FLOATS, GEMM_PURPOSE, MetalGemm::columnSymbols, MetalGemm::activated),
      new Row<>(MatMul.GEMM_BT, Op.FLOATS, GEMM_PURPOSE, MetalGemm::rowSymbols, MetalGemm::rows),
      new Row<>(MatMul.GEMM_PREPACKED, Op.FLOATS, GEMM_PURPOSE, MetalGemm::rowSymbols, MetalGemm::rows),
      new Row<>(FlashAttention.OP, Op.FLOATS,
          "matrices of SIMD groups, for " + MetalFlashAttention.LEAST_QUERIES + " queries and more with heads of 64, 80, 96, 128 or 256",
          MetalFlashAttention::symbols, MetalFlashAttention::new));

  private MetalTable() {}

  private interface Factory<K> {
    K create(Launcher launcher, MetalModules modules, ElementType type, K next);
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
    String missing(MetalModules modules, ElementType type) {
      return symbols.apply(type).stream().filter(symbol -> !modules.has(symbol)).findFirst().orElse(null);
    }
  }

  /** The best kernel of an operator and type. */
  @SuppressWarnings("unchecked")
  static <K> K kernel(Launcher launcher, MetalModules modules, Op<K> op, ElementType type) {
    K next = PortableTable.kernel(launcher, op, type);
    for (Row<?> row : ROWS.reversed()) {
      if (row.isFor(op, type) && row.missing(modules, type) == null) {
        next = ((Row<K>) row).factory().create(launcher, modules, type, next);
      }
    }
    return next;
  }

  /**
   * The candidates of an operator and type, best first; none if only the portable kernel is one.
   *
   * @param bad kernels that cannot be used, and why
   */
  static List<Candidate> explain(MetalModules modules, Map<String, String> bad, Op<?> op, ElementType type, Numerics numerics) {
    return ROWS.stream().filter(row -> row.isFor(op, type)).map(row -> {
      List<String> symbols = row.symbols().apply(type);
      String main = symbols.getFirst();
      String wrong = symbols.stream().filter(bad::containsKey).findFirst().orElse(null);
      String missing = row.missing(modules, type);
      if (numerics == Numerics.REPRODUCIBLE) {
        return new Candidate(main, false, "does not keep the portable order of sums");
      } else if (wrong != null) {
        return new Candidate(main, false, wrong + " is not used: " + bad.get(wrong));
      } else if (missing != null) {
        return new Candidate(main, false, "this version has no code of " + missing);
      }
      return new Candidate(main, true, row.purpose() + ", " + modules.code());
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

  /** The types of activations that a product with such weights takes, that of the weights first. */
  static List<DType> activations(ElementType weights) {
    return weights == DType.F32 ? List.of(DType.F32) : List.of((DType) weights, DType.F32);
  }
}
