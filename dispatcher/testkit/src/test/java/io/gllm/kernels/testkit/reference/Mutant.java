package io.gllm.kernels.testkit.reference;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import java.util.function.UnaryOperator;

/**
 * A kernel with a bug that an earlier implementation had.
 *
 * @param bug what is wrong
 * @param op the operator
 * @param type its type
 * @param numerics the mode in which it must be found
 * @param fault the faulty kernel, given the right one
 */
public record Mutant<K>(String bug, Op<K> op, ElementType type, Numerics numerics, UnaryOperator<K> fault) {
  /** Found in the fast mode. */
  public Mutant(String bug, Op<K> op, ElementType type, UnaryOperator<K> fault) {
    this(bug, op, type, Numerics.FAST, fault);
  }

  K replace(Object kernel) {
    return fault.apply(op.kernel().cast(kernel));
  }

  @Override
  public String toString() {
    return op.name() + " " + type.label() + ": " + bug;
  }
}
