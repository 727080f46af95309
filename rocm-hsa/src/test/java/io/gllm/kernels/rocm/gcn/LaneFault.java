package io.gllm.kernels.rocm.gcn;

/** What a lane does that no lane may do. */
final class LaneFault extends RuntimeException {
  private static final long serialVersionUID = 1;
  final int lane;

  LaneFault(int lane, String message) {
    super(message);
    this.lane = lane;
  }
}
