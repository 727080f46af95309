package io.gllm.kernels.model;

import io.gllm.kernels.api.KernelException;
import java.util.Arrays;

/** Which blocks of a paged cache are free. */
final class BlockPool {
  private final int[] free;
  private final boolean[] taken;
  private int available;

  BlockPool(int blocks) {
    this.free = new int[blocks];
    this.taken = new boolean[blocks];
    this.available = blocks;
    Arrays.setAll(free, i -> blocks - 1 - i);
  }

  int available() {
    return available;
  }

  int allocate() {
    if (available == 0) {
      throw new KernelException("all " + free.length + " blocks of the cache are in use");
    }
    int block = free[--available];
    taken[block] = true;
    return block;
  }

  void free(int block) {
    if (!taken[block]) {
      throw new IllegalStateException("block " + block + " is free already");
    }
    taken[block] = false;
    free[available++] = block;
  }
}
