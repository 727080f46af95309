package io.gllm.kernels.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A position in the bytes of a file. Every read is checked against the end first, so that a claimed length costs nothing
 * before its bytes are known to exist.
 */
final class GgufCursor {
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String file;
  private final MemorySegment bytes;
  private long position;

  GgufCursor(String file, MemorySegment bytes, long position) {
    this.file = file;
    this.bytes = bytes;
    this.position = position;
  }

  long position() {
    return position;
  }

  long remaining() {
    return bytes.byteSize() - position;
  }

  GgufException error(String problem) {
    return new GgufException(file, position, problem);
  }

  void skip(long count, String what) {
    need(count, what);
    position += count;
  }

  private void need(long count, String what) {
    if (count < 0 || count > remaining()) {
      throw error(what + " needs " + Long.toUnsignedString(count) + " bytes, there are " + remaining() + " left");
    }
  }

  byte readByte(String what) {
    need(1, what);
    return bytes.get(ValueLayout.JAVA_BYTE, position++);
  }

  short readShort(String what) {
    need(2, what);
    short value = bytes.get(SHORT, position);
    position += 2;
    return value;
  }

  int readInt(String what) {
    need(4, what);
    int value = bytes.get(INT, position);
    position += 4;
    return value;
  }

  long readLong(String what) {
    need(8, what);
    long value = bytes.get(LONG, position);
    position += 8;
    return value;
  }

  /** A number of things of at least {@code bytesEach} bytes, all of which must fit into the rest of the file. */
  long readCount(String what, long bytesEach, long limit) {
    long at = position;
    long count = readLong(what);
    if (count < 0 || count > limit || count > remaining() / bytesEach) {
      position = at;
      throw error(
          what + " is " + Long.toUnsignedString(count) + ", which the " + remaining() + " bytes left cannot hold or exceeds " + limit);
    }
    return count;
  }

  void skipString(String what) {
    skip(readLong(what), what);
  }

  /** A string of at most {@code limit} bytes of valid UTF-8. */
  String readString(String what, long limit) {
    long at = position;
    long length = readLong(what);
    if (length < 0 || length > limit) {
      position = at;
      throw error(what + " has " + Long.toUnsignedString(length) + " bytes, more than " + limit);
    }
    need(length, what);
    byte[] raw = bytes.asSlice(position, length).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(raw, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') >= 0 && !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), raw)) {
      throw error(what + " is not valid UTF-8");
    }
    position += length;
    return text;
  }

  long readInteger(GgufType type, String what) {
    long at = position;
    return switch (type) {
      case U8 -> Byte.toUnsignedLong(readByte(what));
      case I8 -> readByte(what);
      case U16 -> Short.toUnsignedLong(readShort(what));
      case I16 -> readShort(what);
      case U32 -> Integer.toUnsignedLong(readInt(what));
      case I32 -> readInt(what);
      case I64 -> readLong(what);
      case U64 -> {
        long value = readLong(what);
        if (value < 0) {
          position = at;
          throw error(what + " is " + Long.toUnsignedString(value) + ", more than 2^63-1");
        }
        yield value;
      }
      default -> throw error(what + " is a " + type + ", expected an integer");
    };
  }

  double readReal(GgufType type, String what) {
    return switch (type) {
      case F32 -> Float.intBitsToFloat(readInt(what));
      case F64 -> Double.longBitsToDouble(readLong(what));
      default -> throw error(what + " is a " + type + ", expected a floating-point number");
    };
  }
}
