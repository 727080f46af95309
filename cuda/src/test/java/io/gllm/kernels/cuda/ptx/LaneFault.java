package io.gllm.kernels.cuda.ptx;

/** What one lane of a warp did wrong, before the group adds the place in the text and the thread. */
final class LaneFault extends RuntimeException {
  private static final long serialVersionUID = 1;

  final int lane;

  LaneFault(int lane, String cause) {
    super(cause, null, false, false);
    this.lane = lane;
  }
}
