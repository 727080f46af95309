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
      int upperScales = third & 0x0f0f0f0f | (first >>> 6 & 0x03030303) << 4;
      int upperMinimums = third >>> 4 & 0x0f0f0f0f | (second >>> 6 & 0x03030303) << 4;
      half(blocks, block, first & 0x3f3f3f3f, second & 0x3f3f3f3f, out, to + 4L * i, scratch, work);
      half(blocks, block, upperScales, upperMinimums, out, to + 4L * i + 512, scratch, work + 128);
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

  /** 128 elements; their four scales and four minimums are the bytes of two integers. */
  private static void half(MemorySegment blocks, long block, int scales, int minimums, MemorySegment out, long to, MemorySegment codes,
      long at) {
    float d = Lanes.half(blocks, block);
    float dmin = Lanes.half(blocks, block + 2);
    for (int sub = 0; sub < 4; sub++) {
      float scale = d * (scales >>> 8 * sub & 255);
      float min = dmin * (minimums >>> 8 * sub & 255);
      Codes.decode(codes, at + 32 * sub, scale, min, out, to + 128 * sub, 32);
    }
  }
}
