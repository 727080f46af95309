package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Codes.SIXTEEN;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.VectorOperators;

/** Q6_K: 128 bytes of low nibbles; 64 of high bit pairs; 16 signed scales; f16 d. Value d sc (q - 32). */
final class VectorQ6_K {
  private static final int BYTES = 210;

  private VectorQ6_K() {}

  static void decode(MemorySegment blocks, long at, MemorySegment out, long to, int n, MemorySegment scratch, long work) {
    for (int i = 0; i < n; i += 256) {
      long block = at + i / 256 * (long) BYTES;
      for (int l = 0; l < 32; l += 16) {
        unpack(blocks, block + l, block + 128 + l, scratch, work + l);
        unpack(blocks, block + 64 + l, block + 160 + l, scratch, work + 128 + l);
      }
      float d = Lanes.half(blocks, block + 208);
      for (int sub = 0; sub < 16; sub++) {
        scratch.set(Lanes.FLOAT, work + BlockDecoder.SCALES + 4 * sub, d * blocks.get(ValueLayout.JAVA_BYTE, block + 192 + sub));
        scratch.set(Lanes.FLOAT, work + BlockDecoder.MINIMUMS + 4 * sub, 0.0f);
      }
      Codes.decodeGroups(scratch, work, 4, work + BlockDecoder.SCALES, work + BlockDecoder.MINIMUMS, out, to + 4L * i);
    }
  }

  /** 16 codes of each of the four quarters of half a block. */
  private static void unpack(MemorySegment blocks, long low, long high, MemorySegment scratch, long work) {
    ByteVector a = ByteVector.fromMemorySegment(SIXTEEN, blocks, low, LE);
    ByteVector b = ByteVector.fromMemorySegment(SIXTEEN, blocks, low + 32, LE);
    ByteVector h = ByteVector.fromMemorySegment(SIXTEEN, blocks, high, LE);
    ByteVector q0 = a.and((byte) 15).or(h.lanewise(VectorOperators.LSHL, 4).and((byte) 48));
    ByteVector q1 = b.and((byte) 15).or(h.lanewise(VectorOperators.LSHL, 2).and((byte) 48));
    ByteVector q2 = a.lanewise(VectorOperators.LSHR, 4).and((byte) 15).or(h.and((byte) 48));
    ByteVector q3 = b.lanewise(VectorOperators.LSHR, 4).and((byte) 15).or(h.lanewise(VectorOperators.LSHR, 2).and((byte) 48));
    q0.sub((byte) 32).intoMemorySegment(scratch, work, LE);
    q1.sub((byte) 32).intoMemorySegment(scratch, work + 32, LE);
    q2.sub((byte) 32).intoMemorySegment(scratch, work + 64, LE);
    q3.sub((byte) 32).intoMemorySegment(scratch, work + 96, LE);
  }
}
