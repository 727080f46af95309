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

  /**
   * The most whole rows of {@code rowBytes} bytes, which may start in the middle of a word.
   *
   * @param size what makes a row as long as it is
   * @throws IllegalArgumentException if a single row is longer than a window
   */
  long rows(String size, long rowBytes) {
    long rows = (bytes - 4) / Math.max(1, rowBytes);
    if (rows == 0) {
      throw new IllegalArgumentException(size + " makes a row of " + rowBytes + " bytes, one binding of the device holds " + bytes);
    }
    return rows;
  }
}
