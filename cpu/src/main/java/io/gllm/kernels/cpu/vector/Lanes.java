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
        merge8(s, from, group);
      }
      if (COUNT >= 8) {
        merge4(s, from, group);
      }
      merge2(s, from, group);
      merge1(s, from, at + 4L * g);
    }
  }

  /**
   * Adds lanes whose distance is 8: vectors i and i + 8 become one, whose lanes with the bit 8 belong to the second. Where there are not
   * so many vectors, each is added to itself. Masks and shuffles are constants, not arguments, so each distance has its own method.
   */
  private static void merge8(MemorySegment s, long at, int group) {
    long second = group > 8 ? 32L * COUNT : 0;
    for (int i = 0; i < Math.min(8, group); i++) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT * i, LE);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT * i + second, LE);
      a.blend(b, UPPER_8).add(b.blend(a, UPPER_8).rearrange(SWAP_8)).intoMemorySegment(s, at + 4L * COUNT * i, LE);
    }
  }

  /** As {@link #merge8}, at distance 4. */
  private static void merge4(MemorySegment s, long at, int group) {
    long second = group > 4 ? 16L * COUNT : 0;
    for (int i = 0; i < Math.min(4, group); i++) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT * i, LE);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT * i + second, LE);
      a.blend(b, UPPER_4).add(b.blend(a, UPPER_4).rearrange(SWAP_4)).intoMemorySegment(s, at + 4L * COUNT * i, LE);
    }
  }

  /** As {@link #merge8}, at distance 2. */
  private static void merge2(MemorySegment s, long at, int group) {
    long second = group > 2 ? 8L * COUNT : 0;
    for (int i = 0; i < Math.min(2, group); i++) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT * i, LE);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT * i + second, LE);
      a.blend(b, UPPER_2).add(b.blend(a, UPPER_2).rearrange(SWAP_2)).intoMemorySegment(s, at + 4L * COUNT * i, LE);
    }
  }

  /** As {@link #merge8}, at distance 1: the two vectors that are left become the one at {@code to}. */
  private static void merge1(MemorySegment s, long at, long to) {
    FloatVector a = FloatVector.fromMemorySegment(FLOATS, s, at, LE);
    FloatVector b = FloatVector.fromMemorySegment(FLOATS, s, at + 4L * COUNT, LE);
    a.blend(b, ODD).add(b.blend(a, ODD).rearrange(SWAP_1)).intoMemorySegment(s, to, LE);
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
