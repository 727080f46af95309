package io.gllm.kernels.cpu.vector;

import java.lang.foreign.MemorySegment;

/** Q8_K: f32 d, 256 signed bytes, 16 sums that decoding does not need. Value d q. */
final class VectorQ8_K {
  private static final int BYTES = 292;

  private VectorQ8_K() {}

  static void decode(MemorySegment blocks, long at, MemorySegment out, long to, int n, MemorySegment scratch, long work) {
    for (int i = 0; i < n; i += 256) {
      long block = at + i / 256 * (long) BYTES;
      Codes.decode(blocks, block + 4, blocks.get(Lanes.FLOAT, block), 0.0f, out, to + 4L * i, 256);
    }
  }
}
