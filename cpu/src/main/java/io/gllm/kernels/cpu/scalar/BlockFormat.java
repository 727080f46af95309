package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/** Decoding of one quantised format: its whole truth on the CPU. */
public interface BlockFormat {
  /** The format. */
  QuantFormat format();

  /** Decodes the block at byte {@code at} of {@code blocks} into {@code out[to ...]}. */
  void decode(MemorySegment blocks, long at, float[] out, int to);

  /**
   * The decoder of a format.
   *
   * @throws IllegalArgumentException if the format has none yet
   */
  static BlockFormat of(QuantFormat format) {
    return switch (format) {
      case Q4_0 -> FormatQ4_0.INSTANCE;
      case Q8_0 -> FormatQ8_0.INSTANCE;
      case Q4_K -> FormatQ4_K.INSTANCE;
      case Q6_K -> FormatQ6_K.INSTANCE;
      case Q8_K -> FormatQ8_K.INSTANCE;
      default -> throw new IllegalArgumentException("no decoder for " + format);
    };
  }

  /** Decodes {@code n} elements from byte {@code at}; n is a whole number of blocks. */
  default void decodeRow(MemorySegment blocks, long at, float[] out, int n) {
    for (int i = 0; i < n; i += format().blockElements()) {
      decode(blocks, at + (long) (i / format().blockElements()) * format().blockBytes(), out, i);
    }
  }
}
