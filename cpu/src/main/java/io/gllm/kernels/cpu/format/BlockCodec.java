package io.gllm.kernels.cpu.format;

import java.lang.foreign.MemorySegment;

/**
 * A format that can also be written. An encoder searches the scale with the least sum of squared errors; each class says which
 * scales it tries. Numbers too large for the format become the largest that it can hold.
 */
public interface BlockCodec extends BlockFormat {
  /** Encodes the finite numbers {@code x[from ...]} into the block at byte {@code at} of {@code blocks}. */
  void encode(float[] x, int from, MemorySegment blocks, long at);

  /**
   * Encodes {@code n} numbers from {@code x[0]} on; n is a whole number of blocks.
   *
   * @throws IllegalArgumentException if a number is infinite or NaN: no scale fits it
   */
  default void encodeRow(float[] x, int n, MemorySegment blocks, long at) {
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(x[i])) {
        throw new IllegalArgumentException("element " + i + " is " + x[i] + ": " + format().label() + " holds finite numbers");
      }
    }
    int size = format().blockElements();
    for (int i = 0; i < n; i += size) {
      encode(x, i, blocks, at + (long) (i / size) * format().blockBytes());
    }
  }
}
