package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.cpu.CpuContext;

/** One {@link FixedTree} for each thread that may run a part. */
final class RowTrees {
  private final FixedTree[] trees;

  RowTrees(CpuContext context) {
    trees = new FixedTree[context.team().size()];
    for (int i = 0; i < trees.length; i++) {
      trees[i] = new FixedTree();
    }
  }

  FixedTree of(int part) {
    return trees[part];
  }
}
