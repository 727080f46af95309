package io.gllm.kernels.cuda.ptx;

/** What an instruction does to the active lanes of a warp; branches, barriers and ends are the group's. */
abstract class Step {
  abstract void run(Warp w, int mask);
}
