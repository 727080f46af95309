package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/** Decoding of quantised blocks to f32 with the bits of the scalar tier. */
interface BlockDecoder {
  /** Bytes of the work area of {@link #decode}: the codes of the largest block, then 16 scales, then 16 minimums. */
  int WORK = 256 + 64 + 64;

  /** Where the scales begin in the work area. */
  int SCALES = 256;

  /** Where the minimums begin in the work area. */
  int MINIMUMS = 256 + 64;

  /**
   * Decodes n elements, a whole number of blocks, from byte {@code at} of {@code blocks} to byte {@code to} of {@code out}, which has
   * {@link #WORK} free bytes at {@code work} of {@code scratch}.
   */
  void decode(MemorySegment blocks, long at, MemorySegment out, long to, int n, MemorySegment scratch, long work);

  /**
   * The decoder of a format.
   *
   * @throws IllegalArgumentException if the format has none
   */
  static BlockDecoder of(QuantFormat format) {
    return switch (format) {
      case Q4_0 -> VectorQ4_0::decode;
      case Q8_0 -> VectorQ8_0::decode;
      case Q4_K -> VectorQ4_K::decode;
      case Q6_K -> VectorQ6_K::decode;
      case Q8_K -> VectorQ8_K::decode;
      default -> throw new IllegalArgumentException("no decoder for " + format);
    };
  }
}
