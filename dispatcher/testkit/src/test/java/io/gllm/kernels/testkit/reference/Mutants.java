package io.gllm.kernels.testkit.reference;

import java.util.ArrayList;
import java.util.List;

/** All of them. */
public final class Mutants {
  private Mutants() {}

  /** Every bug, of every operator family. */
  public static List<Mutant<?>> all() {
    List<Mutant<?>> all = new ArrayList<>(VectorMutants.all());
    all.addAll(MatrixMutants.all());
    all.addAll(TokenMutants.all());
    return all;
  }
}
