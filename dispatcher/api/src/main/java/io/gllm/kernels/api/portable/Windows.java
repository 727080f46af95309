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

  /**
   * The most whole rows of {@code rowBytes} bytes, at least one.
   *
   * @throws IllegalArgumentException if a row is larger than a window
   */
  long rows(long rowBytes) {
    whole("a row", rowBytes);
    return bytes / Math.max(1, rowBytes);
  }

  /**
   * Checks that an operand which kernels need as a whole fits.
   *
   * @throws IllegalArgumentException if it does not
   */
  void whole(String what, long size) {
    if (size > bytes) {
      throw new IllegalArgumentException(
          what + " of " + size + " bytes exceeds the " + bytes + " that a kernel of this device can address");
    }
  }

  /** Groups of 256 threads for {@code count} elements of {@code elementBytes} bytes, a 32-bit word for each thread. */
  static long groups(long count, int elementBytes) {
    return (count * elementBytes + 1023) / 1024;
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
