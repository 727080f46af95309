package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Codes.SIXTEEN;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Q4_K: f16 d, dmin; 12 bytes with 6-bit scales and minimums of 8 sub-blocks; 128 bytes of nibbles, per 64 elements 32 bytes whose
 * low nibbles come first. Value d sc q - dmin m.
 */
final class VectorQ4_K {
  private static final int BYTES = 144;

  private VectorQ4_K() {}

  static void decode(MemorySegment blocks, long at, MemorySegment out, long to, int n, MemorySegment scratch, long work) {
    for (int i = 0; i < n; i += 256) {
      long block = at + i / 256 * (long) BYTES;
      unpack(blocks, block + 16, scratch, work);
      int first = blocks.get(Lanes.INT, block + 4);
      int second = blocks.get(Lanes.INT, block + 8);
      int third = blocks.get(Lanes.INT, block + 12);
      float d = Lanes.half(blocks, block);
      four(d, first & 0x3f3f3f3f, scratch, work + BlockDecoder.SCALES);
      four(d, third & 0x0f0f0f0f | (first >>> 6 & 0x03030303) << 4, scratch, work + BlockDecoder.SCALES + 16);
      float dmin = Lanes.half(blocks, block + 2);
      four(dmin, second & 0x3f3f3f3f, scratch, work + BlockDecoder.MINIMUMS);
      four(dmin, third >>> 4 & 0x0f0f0f0f | (second >>> 6 & 0x03030303) << 4, scratch, work + BlockDecoder.MINIMUMS + 16);
      Codes.decodeGroups(scratch, work, 5, work + BlockDecoder.SCALES, work + BlockDecoder.MINIMUMS, out, to + 4L * i);
    }
  }

  private static void unpack(MemorySegment blocks, long at, MemorySegment scratch, long work) {
    for (int j = 0; j < 128; j += 16) {
      ByteVector q = ByteVector.fromMemorySegment(SIXTEEN, blocks, at + j, LE);
      long pair = work + (j & -32) + j;
      q.and((byte) 15).intoMemorySegment(scratch, pair, LE);
      q.lanewise(VectorOperators.LSHR, 4).and((byte) 15).intoMemorySegment(scratch, pair + 32, LE);
    }
  }

  /** The products of d with the four bytes of an integer. */
  private static void four(float d, int bytes, MemorySegment scratch, long to) {
    scratch.set(Lanes.FLOAT, to, d * (bytes & 255));
    scratch.set(Lanes.FLOAT, to + 4, d * (bytes >>> 8 & 255));
    scratch.set(Lanes.FLOAT, to + 8, d * (bytes >>> 16 & 255));
    scratch.set(Lanes.FLOAT, to + 12, d * (bytes >>> 24));
  }
}
