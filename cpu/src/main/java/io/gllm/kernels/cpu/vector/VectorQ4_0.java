package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Codes.SIXTEEN;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorOperators;

/** Q4_0: f16 d, 16 bytes of nibbles; low nibbles are elements 0..15. Value d (q - 8). */
final class VectorQ4_0 {
  private static final int BYTES = 18;

  private VectorQ4_0() {}

  static void decode(MemorySegment blocks, long at, MemorySegment out, long to, int n, MemorySegment scratch, long work) {
    for (int i = 0; i < n; i += 32) {
      long block = at + i / 32 * (long) BYTES;
      ByteVector q = ByteVector.fromMemorySegment(SIXTEEN, blocks, block + 2, LE);
      q.and((byte) 15).sub((byte) 8).intoMemorySegment(scratch, work, LE);
      q.lanewise(VectorOperators.LSHR, 4).and((byte) 15).sub((byte) 8).intoMemorySegment(scratch, work + 16, LE);
      Codes.decode(scratch, work, Lanes.half(blocks, block), 0.0f, out, to + 4L * i, 32);
    }
  }
}
