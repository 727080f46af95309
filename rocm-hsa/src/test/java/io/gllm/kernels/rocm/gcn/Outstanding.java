package io.gllm.kernels.rocm.gcn;

import java.util.Arrays;

/**
 * What a wave has begun and not yet waited for. Each counter counts operations; vector loads, stores and operations of shared memory end
 * in their order, scalar loads in any. A register that an operation will write must not be touched before a wait that covers it.
 */
final class Outstanding {
  private static final int MOST = 64;
  private final int[][] first = new int[Chip.COUNTERS][MOST];
  private final int[][] registers = new int[Chip.COUNTERS][MOST];
  private final int[] start = new int[Chip.COUNTERS];
  private final int[] count = new int[Chip.COUNTERS];
  /** Scalar loads, which end in any order. */
  private final int[] unordered = new int[Chip.COUNTERS];
  /** Operations that will write a register. */
  private final byte[] coming = new byte[Wave.VECTORS + 512];
  private final byte[] counterOf = new byte[Wave.VECTORS + 512];
  private int sum;

  void clear() {
    Arrays.fill(start, 0);
    Arrays.fill(count, 0);
    Arrays.fill(unordered, 0);
    Arrays.fill(coming, (byte) 0);
    sum = 0;
  }

  boolean isEmpty() {
    return sum == 0;
  }

  /** Operations of shared memory; scalar loads may be counted with them. */
  int shared() {
    return count[Chip.SHARED] - unordered[Chip.SHARED];
  }

  /** Begins an operation that will write {@code n} registers from {@code register}, counted from {@link Wave#VECTORS} for vectors. */
  void begin(int counter, int register, int n) {
    boolean ordered = register >= Wave.VECTORS || n == 0;
    for (int r = register; r < register + n; r++) {
      if (coming[r] != 0 && (!ordered || counterOf[r] != counter)) {
        throw new GcnFault("loads into " + Constants.name(r) + ", which a load that nothing waited for writes too");
      }
      coming[r]++;
      counterOf[r] = (byte) counter;
    }
    if (count[counter] == MOST) { // the device waits by itself
      end(counter);
    }
    int slot = (start[counter] + count[counter]++) % MOST;
    first[counter][slot] = register;
    registers[counter][slot] = n;
    unordered[counter] += ordered ? 0 : 1;
    sum++;
  }

  /** Waits until no more than {@code most} are outstanding. */
  void await(int counter, int most) {
    if (unordered[counter] != 0 && most != 0) {
      return; // any of them may be the ones that remain
    }
    while (count[counter] > most) {
      end(counter);
    }
  }

  private void end(int counter) {
    int slot = start[counter];
    int register = first[counter][slot];
    for (int r = register; r < register + registers[counter][slot]; r++) {
      coming[r]--;
    }
    unordered[counter] -= register >= Wave.VECTORS || registers[counter][slot] == 0 ? 0 : 1;
    start[counter] = (slot + 1) % MOST;
    count[counter]--;
    sum--;
  }

  /** Insists that an instruction touches nothing that is on its way. */
  void check(Op op) {
    for (int register : op.touched) {
      if (coming[register] != 0) {
        throw new GcnFault("touches " + Constants.name(register) + " before a wait for the load that writes it");
      }
    }
  }
}
