package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * Q4_K: f16 d, dmin; 12 bytes with 6-bit scales and minimums of 8 sub-blocks; 128 bytes of nibbles, per 64 elements 32 bytes whose
 * low nibbles come first. Value d sc q - dmin m.
 */
enum FormatQ4_K implements BlockFormat {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q4_K;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Elements.half(blocks, at);
    float dmin = Elements.half(blocks, at + 2);
    for (int sub = 0; sub < 8; sub++) {
      float scale = d * scale(blocks, at + 4, sub);
      float min = dmin * minimum(blocks, at + 4, sub);
      long quants = at + 16 + sub / 2 * 32;
      int shift = sub % 2 * 4;
      for (int j = 0; j < 32; j++) {
        out[to + sub * 32 + j] = scale * (Elements.unsigned(blocks, quants + j) >> shift & 15) - min;
      }
    }
  }

  /** The 6-bit scale of a sub-block. */
  private static int scale(MemorySegment s, long at, int sub) {
    return sub < 4
        ? Elements.unsigned(s, at + sub) & 63
        : Elements.unsigned(s, at + sub + 4) & 15 | Elements.unsigned(s, at + sub - 4) >> 6 << 4;
  }

  /** The 6-bit minimum of a sub-block. */
  private static int minimum(MemorySegment s, long at, int sub) {
    return sub < 4
        ? Elements.unsigned(s, at + sub + 4) & 63
        : Elements.unsigned(s, at + sub + 4) >> 4 | Elements.unsigned(s, at + sub) >> 6 << 4;
  }
}
