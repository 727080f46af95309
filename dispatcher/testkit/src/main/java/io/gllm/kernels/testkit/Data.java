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

  /**
   * The bytes with every NaN of a floating-point type replaced by the same one, since payloads are not part of the contract; the same
   * array if there is none.
   */
  static byte[] canonical(ElementType type, byte[] bytes) {
    return switch (type) {
      case DType.F32 -> canonicalFloats(bytes);
      case DType.F16 -> canonicalShorts(bytes, 0x7c00);
      case DType.BF16 -> canonicalShorts(bytes, 0x7f80);
      default -> bytes;
    };
  }

  private static byte[] canonicalFloats(byte[] bytes) {
    byte[] result = bytes;
    for (int i = 0; i < bytes.length; i += 4) {
      if (((int) INT.get(bytes, i) & 0x7fffffff) > 0x7f800000) {
        result = result == bytes ? bytes.clone() : result;
        INT.set(result, i, 0x7fc00000);
      }
    }
    return result;
  }

  private static byte[] canonicalShorts(byte[] bytes, int infinity) {
    byte[] result = bytes;
    for (int i = 0; i < bytes.length; i += 2) {
      if (((short) SHORT.get(bytes, i) & 0x7fff) > infinity) {
        result = result == bytes ? bytes.clone() : result;
        SHORT.set(result, i, (short) 0x7fff);
      }
    }
    return result;
  }
}
