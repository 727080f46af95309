package io.gllm.kernels.testkit;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.testkit.oracle.Blocks;
import io.gllm.kernels.testkit.oracle.Floats;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The contents of an operand: bytes of an element type.
 *
 * @param type what the elements are
 * @param bytes little-endian, as in a buffer; not copied
 */
public record Data(ElementType type, byte[] bytes) {
  private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  /** Numbers, rounded to a floating-point type. */
  public static Data of(DType type, double... values) {
    return new Data(type, Floats.encode(type, values));
  }

  /** Integers of type I32. */
  public static Data ints(int... values) {
    byte[] bytes = new byte[4 * values.length];
    for (int i = 0; i < values.length; i++) {
      INT.set(bytes, 4 * i, values[i]);
    }
    return new Data(DType.I32, bytes);
  }

  /** Number of elements. */
  public long length() {
    return bytes.length / type.blockBytes() * (long) type.blockElements();
  }

  /** The exact values of the elements. */
  public double[] values() {
    return type instanceof QuantFormat format ? Blocks.decode(format, bytes) : Floats.decode((DType) type, bytes);
  }

  /** The bytes with every NaN of a floating-point type replaced by the same one, since payloads are not part of the contract. */
  static byte[] canonical(ElementType type, byte[] bytes) {
    if (type == DType.F32) {
      byte[] copy = bytes.clone();
      for (int i = 0; i < copy.length; i += 4) {
        if (Float.isNaN(Float.intBitsToFloat((int) INT.get(copy, i)))) {
          INT.set(copy, i, 0x7fc00000);
        }
      }
      return copy;
    }
    if (type == DType.F16 || type == DType.BF16) {
      int infinity = type == DType.F16 ? 0x7c00 : 0x7f80;
      byte[] copy = bytes.clone();
      for (int i = 0; i < copy.length; i += 2) {
        if (((short) SHORT.get(copy, i) & 0x7fff) > infinity) {
          SHORT.set(copy, i, (short) 0x7fff);
        }
      }
      return copy;
    }
    return bytes;
  }
}
