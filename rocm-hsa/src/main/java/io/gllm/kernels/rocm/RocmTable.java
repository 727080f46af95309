package io.gllm.kernels.rocm;

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
final class RocmTable {
  /** The known answers of the tuned kernels. */
  static final String GOLDEN_LAUNCHES = "META-INF/gllm/rocm-tuned/golden-launches.bin";

  private static final List<ElementType> HALVES = List.of(DType.F16, DType.BF16);
  private static final String MATRIX = "matrix instructions, for activations of the same type and 9 rows and more";

  private static final List<Row<?>> ROWS = List.of(
      new Row<>(QuantMatMul.OP, Set.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K),
          "integer products with quantised activations, for 1 to " + RocmQuantGemv.MOST_ROWS + " rows", RocmQuantGemv::symbols,
          RocmQuantGemv::new),
      new Row<>(MatMul.GEMM, HALVES, MATRIX, RocmGemm::columnSymbols, RocmGemm::columns),
      new Row<>(MatMul.GEMM_BT, HALVES, MATRIX, RocmGemm::rowSymbols, RocmGemm::rows),
      new Row<>(MatMul.GEMM_PREPACKED, HALVES, MATRIX, RocmGemm::rowSymbols, RocmGemm::rows),
      new Row<>(FlashAttention.OP, HALVES, "matrix instructions, for 4 queries and more with heads of 64 or 128",
          RocmFlashAttention::symbols, RocmFlashAttention::new));

  private RocmTable() {}

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
    String missing(RocmModules modules, ElementType type) {
      return symbols.apply(type).stream().filter(symbol -> !modules.has(symbol)).findFirst().orElse(null);
    }
  }

  /** The best kernel of an operator and type. */
  @SuppressWarnings("unchecked")
  static <K> K kernel(Launcher launcher, RocmModules modules, Op<K> op, ElementType type) {
    K next = PortableTable.kernel(launcher, op, type);
    for (Row<?> row : ROWS.reversed()) {
      if (row.isFor(op, type) && row.missing(modules, type) == null) {
        next = ((Row<K>) row).factory().create(launcher, type, next);
      }
    }
    return next;
  }

  /** The candidates of an operator and type, best first; none if only the portable kernel is one. */
  static List<Candidate> explain(RocmModules modules, Map<String, String> quarantined, Op<?> op, ElementType type, Numerics numerics) {
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
      return new Candidate(main, true, row.purpose() + ", " + modules.target(main));
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
