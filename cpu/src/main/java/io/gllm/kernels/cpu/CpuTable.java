package io.gllm.kernels.cpu;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.Rejection;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All kernels of the CPU: per operator and element type the candidates, best first, the scalar one last. Tiers fill it in
 * order; a tier that cannot be used leaves its reason.
 */
public final class CpuTable {
  private record Key(Op<?> op, ElementType type) {}

  private record Remark(Op<?> op, ElementType type, Tier tier) {}

  private final Map<Key, List<CpuKernel<?>>> rows = new HashMap<>();
  private final Map<PeakKind, CpuPeak.Factory> peaks = new EnumMap<>(PeakKind.class);
  private final Map<Remark, String> remarks = new HashMap<>();
  private final Map<Tier, Rejection> rejected = new EnumMap<>(Tier.class);

  /** An empty table. */
  CpuTable() {}

  /** Appends a candidate for every type of {@code op}. */
  public <K> void add(Op<K> op, Tier tier, boolean reproducible, CpuKernel.Factory<K> factory) {
    for (ElementType type : op.types()) {
      add(op, type, tier, reproducible, factory);
    }
  }

  /** Appends a candidate for one type of {@code op}. */
  public <K> void add(Op<K> op, ElementType type, Tier tier, boolean reproducible, CpuKernel.Factory<K> factory) {
    String ordered = reproducible && has(op, type, tier) ? "_ordered" : "";
    rows.computeIfAbsent(new Key(op, type), key -> new ArrayList<>())
        .add(new CpuKernel<>(name(op, type, tier) + ordered, tier, reproducible, factory));
  }

  /** Offers a loop for a limit of the machine; the first offer counts. */
  public void add(PeakKind kind, CpuPeak.Factory factory) {
    peaks.putIfAbsent(kind, factory);
  }

  /** The loop for a limit of the machine, or null if no tier has one. */
  CpuPeak.Factory peak(PeakKind kind) {
    return peaks.get(kind);
  }

  /** What {@link #explain} says of the fast kernel of a tier besides why it was chosen or not. */
  public void remark(Op<?> op, ElementType type, Tier tier, String text) {
    remarks.put(new Remark(op, type, tier), text);
  }

  /** Notes why a tier has no candidates. */
  void reject(Tier tier, Rejection reason) {
    rejected.put(tier, reason);
  }

  /** Why a tier is not used, or null. */
  Rejection rejection(Tier tier) {
    return rejected.get(tier);
  }

  /** The first candidate that keeps the promises of {@code numerics}, or null if there is none. */
  @SuppressWarnings("unchecked")
  <K> CpuKernel<K> choose(Op<K> op, ElementType type, Numerics numerics) {
    for (CpuKernel<?> kernel : rows.getOrDefault(new Key(op, type), List.of())) {
      if (numerics == Numerics.FAST || kernel.reproducible()) {
        return (CpuKernel<K>) kernel;
      }
    }
    return null;
  }

  /** Whether a tier has a kernel. */
  boolean has(Op<?> op, ElementType type, Tier tier) {
    return !candidates(op, type, tier).isEmpty();
  }

  /** Whether a kernel of a tier keeps the portable order of every sum. */
  boolean isReproducible(Op<?> op, ElementType type, Tier tier) {
    return candidates(op, type, tier).stream().anyMatch(CpuKernel::reproducible);
  }

  private List<CpuKernel<?>> candidates(Op<?> op, ElementType type, Tier tier) {
    return rows.getOrDefault(new Key(op, type), List.of()).stream().filter(kernel -> kernel.tier() == tier).toList();
  }

  List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics) {
    List<Candidate> result = new ArrayList<>();
    CpuKernel<?> chosen = choose(op, type, numerics);
    for (Tier tier : Tier.values()) {
      List<CpuKernel<?>> kernels = candidates(op, type, tier);
      for (CpuKernel<?> kernel : kernels) {
        result.add(new Candidate(kernel.name(), kernel == chosen, reason(kernel, chosen, numerics) + remark(op, type, kernel)));
      }
      if (kernels.isEmpty()) {
        Rejection reason = rejected.get(tier);
        String why = reason == null ? "this tier leaves the operator to the next one" : reason.seen();
        result.add(new Candidate(name(op, type, tier), false, why));
      }
    }
    return result;
  }

  private static String name(Op<?> op, ElementType type, Tier tier) {
    return tier.label() + "_" + op.name() + "_" + type.label();
  }

  private String remark(Op<?> op, ElementType type, CpuKernel<?> kernel) {
    String text = kernel.reproducible() ? null : remarks.get(new Remark(op, type, kernel.tier()));
    return text == null ? "" : "; " + text;
  }

  private static String reason(CpuKernel<?> kernel, CpuKernel<?> chosen, Numerics numerics) {
    if (kernel == chosen) {
      return "best tier that " + (numerics == Numerics.FAST ? "has the operator" : "keeps the portable order of sums");
    }
    if (numerics == Numerics.REPRODUCIBLE && !kernel.reproducible()) {
      return "does not keep the portable order of sums";
    }
    return "a better kernel comes first";
  }
}
