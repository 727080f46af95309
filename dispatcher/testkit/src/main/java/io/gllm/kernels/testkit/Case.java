package io.gllm.kernels.testkit;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * One property of one operator and element type, checked by one or more calls.
 *
 * @param op the operator
 * @param type the type it is dispatched on
 * @param name what is checked, unique for operator and type
 * @param modes the numerics in which the property is promised
 * @param body the calls
 */
public record Case(Op<?> op, ElementType type, String name, Set<Numerics> modes, Body body) {
  /** Copies the set of modes. */
  public Case {
    Objects.requireNonNull(body, "body");
    modes = Set.copyOf(modes);
  }

  /** A property promised in every mode. */
  public Case(Op<?> op, ElementType type, String name, Body body) {
    this(op, type, name, EnumSet.allOf(Numerics.class), body);
  }

  /** The calls of a case. */
  public interface Body {
    /**
     * Makes the calls.
     *
     * @throws Mismatch if the device broke the contract
     * @throws Skipped if this machine cannot run the case
     */
    void run(Harness harness);
  }

  /** Operator, type and name, for example {@code vec_add f16 lengths}. */
  public String title() {
    return op.name() + " " + type.label() + " " + name;
  }

  @Override
  public String toString() {
    return title();
  }
}
