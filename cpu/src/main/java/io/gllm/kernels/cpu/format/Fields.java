package io.gllm.kernels.cpu.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The fields of a block, by byte offset: little-endian and unaligned. */
final class Fields {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final float LARGEST_HALF = 65504.0f;

  private Fields() {}

  /** An f16. */
  static float half(MemorySegment s, long at) {
    return Float.float16ToFloat(s.get(SHORT, at));
  }

  /** Stores an f16 that has been rounded by {@link #roundToHalf}. */
  static void half(MemorySegment s, long at, float v) {
    s.set(SHORT, at, Float.floatToFloat16(v));
  }

  /** The f16 nearest to {@code v}, the largest finite one beyond it. */
  static double roundToHalf(double v) {
    return Float.float16ToFloat(Float.floatToFloat16((float) Math.clamp(v, -LARGEST_HALF, LARGEST_HALF)));
  }

  static float f32(MemorySegment s, long at) {
    return s.get(FLOAT, at);
  }

  static void f32(MemorySegment s, long at, float v) {
    s.set(FLOAT, at, v);
  }

  static int i8(MemorySegment s, long at) {
    return s.get(ValueLayout.JAVA_BYTE, at);
  }

  static int u8(MemorySegment s, long at) {
    return s.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  static void u8(MemorySegment s, long at, int v) {
    s.set(ValueLayout.JAVA_BYTE, at, (byte) v);
  }

  static int u16(MemorySegment s, long at) {
    return s.get(SHORT, at) & 0xffff;
  }

  static void u16(MemorySegment s, long at, int v) {
    s.set(SHORT, at, (short) v);
  }

  static int u32(MemorySegment s, long at) {
    return s.get(INT, at);
  }

  static void u32(MemorySegment s, long at, int v) {
    s.set(INT, at, v);
  }

  /** The code of element {@code j} of a run of nibbles: its first half is in the low, its second half in the high nibbles. */
  static int nibble(MemorySegment s, long at, int j, int run) {
    return u8(s, at + j % (run / 2)) >> j / (run / 2) * 4 & 15;
  }

  /** Stores a run of codes as nibbles, as {@link #nibble} reads them. */
  static void nibbles(MemorySegment s, long at, int[] codes, int from, int run) {
    for (int j = 0; j < run / 2; j++) {
      u8(s, at + j, codes[from + j] & 15 | (codes[from + j + run / 2] & 15) << 4);
    }
  }

  /** Stores bit {@code bit} of each code as a bit of its own, the lowest first. */
  static void bits(MemorySegment s, long at, int[] codes, int from, int count, int bit) {
    for (int i = 0; i < count / 8; i++) {
      int b = 0;
      for (int j = 0; j < 8; j++) {
        b |= (codes[from + i * 8 + j] >> bit & 1) << j;
      }
      u8(s, at + i, b);
    }
  }
}
