package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads and writes elements of a floating-point type as f32; integers and bytes of blocks. All little-endian and unaligned. */
public final class Elements {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Elements() {}

  /** Element {@code i} of a segment of {@code type}. */
  public static float load(ElementType type, MemorySegment s, long i) {
    if (type == DType.F32) {
      return s.get(FLOAT, i * 4);
    }
    short bits = s.get(SHORT, i * 2);
    return type == DType.F16 ? Float.float16ToFloat(bits) : PortableMath.fromBfloat(bits);
  }

  /** Rounds {@code v} into element {@code i}. */
  public static void store(ElementType type, MemorySegment s, long i, float v) {
    if (type == DType.F32) {
      s.set(FLOAT, i * 4, v);
    } else {
      s.set(SHORT, i * 2, type == DType.F16 ? PortableMath.toHalf(v) : PortableMath.toBfloat(v));
    }
  }

  /** Float {@code i}. */
  public static float f32(MemorySegment s, long i) {
    return s.get(FLOAT, i * 4);
  }

  /** Stores float {@code i}. */
  public static void f32(MemorySegment s, long i, float v) {
    s.set(FLOAT, i * 4, v);
  }

  /** Integer {@code i}. */
  public static int i32(MemorySegment s, long i) {
    return s.get(INT, i * 4);
  }

  /** Stores integer {@code i}. */
  public static void i32(MemorySegment s, long i, int v) {
    s.set(INT, i * 4, v);
  }

  static void floatAt(MemorySegment s, long offset, float v) {
    s.set(FLOAT, offset, v);
  }

  static void shortAt(MemorySegment s, long offset, short v) {
    s.set(SHORT, offset, v);
  }

  static void byteAt(MemorySegment s, long offset, byte v) {
    s.set(ValueLayout.JAVA_BYTE, offset, v);
  }

  /** The signed byte at an offset. */
  static int signed(MemorySegment s, long offset) {
    return s.get(ValueLayout.JAVA_BYTE, offset);
  }
}
