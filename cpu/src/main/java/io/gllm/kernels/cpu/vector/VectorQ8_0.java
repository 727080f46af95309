package io.gllm.kernels.cpu.vector;

import java.lang.foreign.MemorySegment;

/** Q8_0: f16 d, 32 signed bytes. Value d q. */
final class VectorQ8_0 {
  private static final int BYTES = 34;

  private VectorQ8_0() {}

  static void decode(MemorySegment blocks, long at, MemorySegment out, long to, int n, MemorySegment scratch, long work) {
    for (int i = 0; i < n; i += 32) {
      long block = at + i / 32 * (long) BYTES;
      Codes.decode(blocks, block + 2, Lanes.half(blocks, block), 0.0f, out, to + 4L * i, 32);
    }
  }
}
