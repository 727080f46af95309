package io.gllm.kernels.rocm.gcn;

import java.util.List;

/** What an instruction does, in steps. */
final class Sequence extends Op {
  private final Op[] steps;

  Sequence(Op... steps) {
    this.steps = steps;
  }

  /**
   * Two steps that read all of their operands before either writes its result: in an order in which none is in the way, or with the first
   * result in a spare row until the end.
   */
  static Op together(Pair first, Pair second, int spare) {
    if (!second.sources.contains(first.result)) {
      return new Sequence(first.make.of(first.result), second.make.of(second.result));
    }
    if (!first.sources.contains(second.result)) {
      return new Sequence(second.make.of(second.result), first.make.of(first.result));
    }
    return new Sequence(first.make.of(spare), second.make.of(second.result), VectorOpcodes.copy(first.result, Source.ofRow(spare)));
  }

  /** Makes a step with its result in some row. */
  interface Make {
    Op of(int result);
  }

  /** A step. */
  record Pair(int result, List<Integer> sources, Make make) {}

  @Override
  void run(Wave w) {
    for (Op step : steps) {
      step.run(w);
    }
  }
}
