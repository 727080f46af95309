package io.gllm.kernels.api.portable;

/** How much of an operand one launch may see: devices bound what a buffer of a kernel spans. */
final class Windows {
  /** Windows end at multiples of this many elements, so that each starts at a whole word, and sums keep their segments. */
  private static final long GRAIN = 16384;

  private final long bytes;

  Windows(Launcher launcher) {
    this.bytes = launcher.windowBytes();
  }

  /** The most elements of {@code elementBytes} bytes, a multiple of 16384. */
  long elements(int elementBytes) {
    return bytes / elementBytes / GRAIN * GRAIN;
  }

  /** The most whole rows of {@code rowBytes} bytes, at least one. */
  long rows(long rowBytes) {
    return Math.max(1, bytes / Math.max(1, rowBytes));
  }
}
