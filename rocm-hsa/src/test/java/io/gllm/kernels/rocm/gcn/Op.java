package io.gllm.kernels.rocm.gcn;

/** A decoded instruction. */
abstract class Op {
  /** Its text, for messages. */
  String text = "";
  /** The registers that it reads or writes and that must not be on their way: scalar ones, and {@link Wave#VECTORS} plus vector ones. */
  int[] touched = {};

  /** Executes it for a wave, whose program counter stands behind it. */
  abstract void run(Wave w);
}
