package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.Candidate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The tuned kernels of a backend for the fast mode, candidates before the portable ones. Each takes the calls whose shape it is made for
 * and hands the others on to the next candidate.
 *
 * @param rows the kernels; of those for one operator and type the first is asked first
 */
public record TunedTable(List<Row<?>> rows) {
  /** The code that a device has. */
  public interface Code {
    /** Whether there is code of a kernel for the device. */
    boolean has(String symbol);

    /** Which code of a kernel the device runs, in words. */
    String code(String symbol);
  }

  /** Makes a kernel. */
  public interface Factory<K> {
    /** The kernel for a type, which hands on what it does not take to {@code next}. */
    K create(Launcher launcher, ElementType type, K next);
  }

  /**
   * A tuned kernel.
   *
   * @param op its operator
   * @param types the types that it is for
   * @param purpose which calls it is for
   * @param symbols what it launches for a type, the main one first
   * @param factory makes it
   */
  public record Row<K>(Op<K> op, Collection<? extends ElementType> types, String purpose, Function<ElementType, List<String>> symbols,
      Factory<K> factory) {
    boolean isFor(Op<?> other, ElementType type) {
      return op == other && types.contains(type);
    }

    /** The first of its kernels that the device has no code for, or null. */
    String missing(Code code, ElementType type) {
      return symbols.apply(type).stream().filter(symbol -> !code.has(symbol)).findFirst().orElse(null);
    }

    Candidate explain(Code code, Map<String, String> bad, ElementType type, Numerics numerics) {
      List<String> launched = symbols.apply(type);
      String main = launched.getFirst();
      String wrong = launched.stream().filter(bad::containsKey).findFirst().orElse(null);
      String missing = missing(code, type);
      if (numerics == Numerics.REPRODUCIBLE) {
        return new Candidate(main, false, "does not keep the portable order of sums");
      } else if (wrong != null) {
        return new Candidate(main, false, wrong + " is not used: " + bad.get(wrong));
      } else if (missing != null) {
        return new Candidate(main, false, "this version has no code of " + missing + " for the device");
      }
      return new Candidate(main, true, purpose + ", " + code.code(main));
    }
  }

  /** The best kernel of an operator and type. */
  @SuppressWarnings("unchecked")
  public <K> K kernel(Launcher launcher, Code code, Op<K> op, ElementType type) {
    K next = PortableTable.kernel(launcher, op, type);
    for (Row<?> row : rows.reversed()) {
      if (row.isFor(op, type) && row.missing(code, type) == null) {
        next = ((Row<K>) row).factory().create(launcher, type, next);
      }
    }
    return next;
  }

  /**
   * The candidates of an operator and type, best first, the portable kernel last; none if there is no kernel.
   *
   * @param bad kernels that cannot be used, and why
   */
  public List<Candidate> explain(Code code, Map<String, String> bad, Op<?> op, ElementType type, Numerics numerics) {
    List<String> portable = PortableTable.symbols(op, type);
    if (portable.isEmpty()) {
      return List.of();
    }
    List<Candidate> candidates = new ArrayList<>(
        rows.stream().filter(row -> row.isFor(op, type)).map(row -> row.explain(code, bad, type, numerics)).toList());
    boolean alone = candidates.stream().noneMatch(Candidate::chosen);
    String what = alone ? "portable kernel, " : "portable kernel for every other call, ";
    candidates.add(new Candidate(portable.getFirst(), true, what + code.code(portable.getFirst())));
    return candidates;
  }

  /** Whether a tuned kernel is launched for an operator and type. */
  public boolean launches(Op<?> op, ElementType type, String symbol) {
    return rows.stream().anyMatch(row -> row.isFor(op, type) && row.symbols().apply(type).contains(symbol));
  }

  /** Every tuned kernel. */
  public Set<String> symbols() {
    Set<String> all = new TreeSet<>();
    rows.forEach(row -> row.types().forEach(type -> all.addAll(row.symbols().apply(type))));
    return all;
  }
}
