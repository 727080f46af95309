package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The three floating-point types, decoded and encoded by their definition. */
public final class Floats {
  private Floats() {}

  /** The value of a binary16. */
  public static double fromHalf(int bits) {
    int exponent = bits >> 10 & 31;
    int fraction = bits & 1023;
    double size;
    if (exponent == 31) {
      size = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else {
      size = exponent == 0 ? fraction * 0x1p-24 : Math.scalb(1024 + fraction, exponent - 25);
    }
    return (bits & 0x8000) == 0 ? size : -size;
  }

  /** The value of a bfloat16. */
  public static double fromBfloat(int bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The binary16 nearest to {@code x}, ties to even. */
  public static int toHalf(double x) {
    return encode(x, 10, -14, 0x7c00);
  }

  /** The bfloat16 nearest to {@code x}, ties to even. */
  public static int toBfloat(double x) {
    return encode(x, 7, -126, 0x7f80);
  }

  private static int encode(double x, int fractionBits, int minExponent, int infinity) {
    int sign = Double.doubleToRawLongBits(x) < 0 ? 0x8000 : 0;
    if (Double.isNaN(x)) {
      return sign | infinity | infinity >> 1;
    }
    double size = Math.abs(x);
    int exponent = Math.max(Math.getExponent(size), minExponent);
    if (exponent > -minExponent + 1) {
      return sign | infinity;
    }
    // In units of the last place the number is an integer after rounding; a carry moves into the exponent by itself.
    long units = (long) Math.rint(Math.scalb(size, fractionBits - exponent));
    long bits = units + ((long) (exponent - minExponent) << fractionBits);
    return sign | (int) Math.min(bits, infinity);
  }

  /** The smallest number that rounds to infinity. */
  public static double overflow(DType type) {
    return switch (type) {
      case F32 -> 0x1.ffffffp127;
      case F16 -> 65520;
      case BF16 -> 0x1.ffp127;
      default -> Double.POSITIVE_INFINITY;
    };
  }

  /** {@code x} rounded to a floating-point type. */
  public static double round(DType type, double x) {
    return switch (type) {
      case F32 -> (float) x;
      case F16 -> fromHalf(toHalf(x));
      case BF16 -> fromBfloat(toBfloat(x));
      default -> throw new IllegalArgumentException(type.label());
    };
  }

  /** Element {@code i}. */
  public static double decode(DType type, byte[] bytes, int i) {
    return switch (type) {
      case F32 -> Float.intBitsToFloat(word(bytes, 4 * i) | word(bytes, 4 * i + 2) << 16);
      case F16 -> fromHalf(word(bytes, 2 * i));
      case BF16 -> fromBfloat(word(bytes, 2 * i));
      case I32 -> word(bytes, 4 * i) | word(bytes, 4 * i + 2) << 16;
      case I8 -> bytes[i];
    };
  }

  private static int word(byte[] bytes, int at) {
    return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8;
  }

  /** All elements. */
  public static double[] decode(DType type, byte[] bytes) {
    double[] values = new double[bytes.length / type.blockBytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] = decode(type, bytes, i);
    }
    return values;
  }

  /** Numbers rounded to a floating-point type. */
  public static byte[] encode(DType type, double... values) {
    ByteBuffer out = ByteBuffer.allocate(values.length * type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      switch (type) {
        case F32 -> out.putFloat((float) value);
        case F16 -> out.putShort((short) toHalf(value));
        case BF16 -> out.putShort((short) toBfloat(value));
        default -> throw new IllegalArgumentException(type.label());
      }
    }
    return out.array();
  }
}
