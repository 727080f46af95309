package io.gllm.kernels.cpu.format;

import java.lang.foreign.MemorySegment;

/**
 * Scales and minimums of 8 sub-blocks in 12 bytes, 6 bits each, as Q4_K and Q5_K have them: those of the first four in the low bits of
 * bytes 0..3 and 4..7; of the others the low nibbles in the nibbles of bytes 8..11, the high bits above those of the first four.
 */
final class SixBits {
  private SixBits() {}

  static int scale(MemorySegment s, long at, int sub) {
    return sub < 4 ? Fields.u8(s, at + sub) & 63 : Fields.u8(s, at + sub + 4) & 15 | Fields.u8(s, at + sub - 4) >> 6 << 4;
  }

  static int minimum(MemorySegment s, long at, int sub) {
    return sub < 4 ? Fields.u8(s, at + sub + 4) & 63 : Fields.u8(s, at + sub + 4) >> 4 | Fields.u8(s, at + sub) >> 6 << 4;
  }

  static void store(MemorySegment s, long at, SharedOffsets found) {
    for (int i = 0; i < 4; i++) {
      int scale = found.scale(i + 4);
      int minimum = found.minimum(i + 4);
      Fields.u8(s, at + i, found.scale(i) | scale >> 4 << 6);
      Fields.u8(s, at + 4 + i, found.minimum(i) | minimum >> 4 << 6);
      Fields.u8(s, at + 8 + i, scale & 15 | (minimum & 15) << 4);
    }
  }
}
