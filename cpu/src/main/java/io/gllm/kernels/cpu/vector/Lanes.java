package io.gllm.kernels.cpu.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shape of this machine, and sums over lanes.
 *
 * <p>Two rules of this package. First, no vector is an argument or a result of a method of ours: the compiler inlines our methods
 * only while a compilation has less than 18000 nodes, about 25 vector operations, callers included, and a call that it does not
 * inline puts its vectors on the heap (silu as one expression of small functions allocated 500 bytes for each vector and took 3
 * times as long). Methods of the Vector API itself are always inlined. So methods are short passes over memory, and longer functions are
 * several passes over a block in the first-level cache. Second, nothing is reinterpreted as another element type, nor tested with
 * IS_NAN: until they are compiled, these go through byte arrays, after which the compiler expects arrays behind every segment and no
 * longer moves checks out of loops (copies took 2.8 times as long, products 1.4 times). What must change its type is stored and loaded again.
 *
 * <p>Sums never use {@code reduceLanes(ADD)}: its order is free, and the interpreter and the compiler choose different ones, so
 * results would change while a program warms up.
 */
final class Lanes {
  private static final int LARGEST_BITS = 512;
  private static final int SMALLEST_BITS = 128;

  static final VectorShape SHAPE = VectorShape
      .forBitSize(Math.clamp(FloatVector.SPECIES_PREFERRED.vectorBitSize(), SMALLEST_BITS, LARGEST_BITS));
  static final VectorSpecies<Float> FLOATS = SHAPE.withLanes(float.class);
  static final VectorSpecies<Integer> INTS = SHAPE.withLanes(int.class);
  /** As many shorts as there are floats in a vector. */
  static final VectorSpecies<Short> SHORTS = VectorShape.forBitSize(SHAPE.vectorBitSize() / 2).withLanes(short.class);
  /** As many bytes as there are floats in a vector, but at least eight: the smallest shape has 64 bits. */
  static final VectorSpecies<Byte> BYTES = VectorShape.forBitSize(Math.max(64, SHAPE.vectorBitSize() / 4)).withLanes(byte.class);
  /** Floats of a vector: 4, 8 or 16. */
  static final int COUNT = FLOATS.length();

  static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LE);
  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LE);
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LE);

  private static final VectorMask<Float> UPPER_8 = upper(8);
  private static final VectorMask<Float> UPPER_4 = upper(4);
  private static final VectorMask<Float> UPPER_2 = upper(2);
  static final VectorMask<Float> ODD = upper(1);
  private static final VectorShuffle<Float> SWAP_8 = swap(8);
  private static final VectorShuffle<Float> SWAP_4 = swap(4);
  private static final VectorShuffle<Float> SWAP_2 = swap(2);
  static final VectorShuffle<Float> SWAP_1 = swap(1);

  private Lanes() {}

  private static VectorMask<Float> upper(int distance) {
    boolean[] bits = new boolean[COUNT];
    for (int i = 0; i < COUNT; i++) {
      bits[i] = (i & distance) != 0;
    }
    return VectorMask.fromArray(FLOATS, bits, 0);
  }

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(FLOATS, i -> (i ^ distance) & COUNT - 1);
  }

  /** The largest multiple of the lanes that is not above n. */
  static int whole(int n) {
    return n & -COUNT;
  }

  /** The smallest multiple of the lanes that is not below n. */
  static int padded(int n) {
    return n + COUNT - 1 & -COUNT;
  }

  /** The half-precision number at byte {@code at}. */
  static float half(MemorySegment s, long at) {
    return Float.float16ToFloat(s.get(SHORT, at));
  }

  /**
   * Adds up the lanes of {@code count} vectors at {@code at} (4, 8 or 16 of them), halves first: afterwards the floats there are the
   * sums in order.
   */
  static void sumEach(MemorySegment s, long at, int count) {
    int group = Math.min(count, COUNT);
    for (int g = 0; g < count; g += group) {
      long from = at + 4L * COUNT * g;
      if (COUNT >= 16) {
        level(s, from, group, 8, UPPER_8, SWAP_8);
      }
      if (COUNT >= 8) {
        level(s, from, group, 4, UPPER_4, SWAP_4);
      }
      level(s, from, group, 2, UPPER_2, SWAP_2);
      level(s, from, group, 1, ODD, SWAP_1);
      FloatVector.fromMemorySegment(FLOATS, s, from, LE).intoMemorySegment(s, at + 4L * g, LE);
    }
  }

  /**
   * Adds lanes at one distance. While there are fewer vectors than lanes that differ, each vector for itself; then vectors i and
   * i + distance become one, whose lanes with the bit {@code distance} belong to the second.
   */
  private static void level(MemorySegment s, long at, int group, int distance, VectorMask<Float> upper, VectorShuffle<Float> swap) {
    if (distance >= group) {
      for (int i = 0; i < group; i++) {
        FloatVector v = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT * i, LE);
        v.add(v.rearrange(swap)).intoMemorySegment(s, at + 4L * COUNT * i, LE);
      }
      return;
    }
    for (int i = 0; i < distance; i++) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT * i, LE);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT * (i + distance), LE);
      a.blend(b, upper).add(b.blend(a, upper).rearrange(swap)).intoMemorySegment(s, at + 4L * COUNT * i, LE);
    }
  }

  /** Adds up n floats, a power of two of them, halves first; they are overwritten. */
  static float sum(MemorySegment s, long at, int n) {
    for (int half = n / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        s.set(FLOAT, at + 4L * i, s.get(FLOAT, at + 4L * i) + s.get(FLOAT, at + 4L * (half + i)));
      }
    }
    return s.get(FLOAT, at);
  }
}
