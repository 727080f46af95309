package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.BYTES;
import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Signed byte codes of a quantised block to floats. Formats with smaller codes unpack them first, 16 bytes at a time. */
final class Codes {
  /** What formats unpack with. */
  static final VectorSpecies<Byte> SIXTEEN = ByteVector.SPECIES_128;

  private Codes() {}

  /** out = code * scale - min for n codes, a multiple of 16. */
  static void decode(MemorySegment codes, long at, float scale, float min, MemorySegment out, long to, int n) {
    for (int i = 0; i < n; i += BYTES.length()) {
      ByteVector q = ByteVector.fromMemorySegment(BYTES, codes, at + i, LE);
      FloatVector v = (FloatVector) q.convertShape(VectorOperators.B2F, FLOATS, 0);
      v.mul(scale).sub(min).intoMemorySegment(out, to + 4L * i, LE);
      if (Lanes.COUNT == 4) {
        FloatVector u = (FloatVector) q.convertShape(VectorOperators.B2F, FLOATS, 1);
        u.mul(scale).sub(min).intoMemorySegment(out, to + 4L * i + 16, LE);
      }
    }
  }

  /**
   * out = code * scale - min for 256 codes; each group of 2^shift codes, 16 or more, has its own scale and min among the floats at
   * {@code scales} and {@code mins} of the same memory. One loop for all groups: a loop for each took 1.4 times as long.
   */
  static void decodeGroups(MemorySegment codes, long at, int shift, long scales, long mins, MemorySegment out, long to) {
    for (int i = 0; i < 256; i += BYTES.length()) {
      float scale = codes.get(Lanes.FLOAT, scales + 4L * (i >> shift));
      float min = codes.get(Lanes.FLOAT, mins + 4L * (i >> shift));
      ByteVector q = ByteVector.fromMemorySegment(BYTES, codes, at + i, LE);
      FloatVector v = (FloatVector) q.convertShape(VectorOperators.B2F, FLOATS, 0);
      v.mul(scale).sub(min).intoMemorySegment(out, to + 4L * i, LE);
      if (Lanes.COUNT == 4) {
        FloatVector u = (FloatVector) q.convertShape(VectorOperators.B2F, FLOATS, 1);
        u.mul(scale).sub(min).intoMemorySegment(out, to + 4L * i + 16, LE);
      }
    }
  }
}
