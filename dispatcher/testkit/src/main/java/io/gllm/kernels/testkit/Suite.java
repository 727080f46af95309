package io.gllm.kernels.testkit;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Collects cases. */
public final class Suite {
  private final List<Case> cases = new ArrayList<>();

  /** An empty one. */
  public Suite() {}

  /** Adds a property that is promised in every mode. */
  public void add(Op<?> op, ElementType type, String name, Case.Body body) {
    cases.add(new Case(op, type, name, body));
  }

  /** Adds a property that only reproducible kernels promise. */
  public void addReproducible(Op<?> op, ElementType type, String name, Case.Body body) {
    cases.add(new Case(op, type, name, Set.of(Numerics.REPRODUCIBLE), body));
  }

  /** All cases so far. */
  public List<Case> cases() {
    return List.copyOf(cases);
  }
}
