package io.gllm.kernels.safetensors;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * A position in JSON text of which exactly the expected is read: strings, whole numbers and what surrounds them. There is no tree, and
 * no recursion but in {@link #skipValue}, whose depth is limited. Strings are measured before they are decoded.
 */
final class JsonCursor {
  private static final int MAX_NESTING = 16;

  private final String file;
  private final MemorySegment bytes;
  private final long end;
  private long position;

  JsonCursor(String file, MemorySegment bytes, long position, long end) {
    this.file = file;
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  long position() {
    return position;
  }

  SafetensorsException error(String problem) {
    return new SafetensorsException(file, position, problem);
  }

  private int peek() {
    return position < end ? Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, position)) : -1;
  }

  private void skipSpace() {
    for (int c = peek(); c == ' ' || c == '\n' || c == '\r' || c == '\t'; c = peek()) {
      position++;
    }
  }

  /** Takes this character if it comes next. */
  boolean take(char wanted) {
    skipSpace();
    boolean found = peek() == wanted;
    if (found) {
      position++;
    }
    return found;
  }

  void expect(char wanted, String what) {
    if (!take(wanted)) {
      throw error(what + ": expected '" + wanted + "', found " + found());
    }
  }

  private String found() {
    int c = peek();
    return c < 0 ? "the end" : c > ' ' && c < 127 ? "'" + (char) c + "'" : "byte " + c;
  }

  void expectEnd(String what) {
    skipSpace();
    if (position != end) {
      throw error(what + ": something follows: " + found());
    }
  }

  /** After an entry of an object or array: whether another follows; takes the separator or the closing character. */
  boolean more(char closing, String what) {
    if (take(',')) {
      return true;
    }
    expect(closing, what);
    return false;
  }

  /** The key of an entry and the colon behind it. */
  String readKey(String what, long limit) {
    String key = readString(what, limit);
    expect(':', what);
    return key;
  }

  /** A string of at most {@code limit} bytes as written. */
  String readString(String what, long limit) {
    expect('"', what);
    long start = position;
    boolean escaped = false;
    for (int c = peek(); c != '"'; c = peek()) {
      if (c < ' ') {
        throw error(what + ": a string holds " + found() + " unescaped");
      }
      if (c == '\\') {
        escaped = true;
        position++;
      }
      position++;
      if (position - start > limit) {
        throw error(what + " has more than " + limit + " bytes");
      }
    }
    String raw = decode(start, what);
    position++;
    return escaped ? unescape(raw, start, what) : raw;
  }

  private String decode(long start, String what) {
    byte[] raw = bytes.asSlice(start, position - start).toArray(ValueLayout.JAVA_BYTE);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString();
    } catch (CharacterCodingException e) {
      throw new SafetensorsException(file, start, what + " is not valid UTF-8");
    }
  }

  private String unescape(String raw, long start, String what) {
    StringBuilder text = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      char kind = raw.charAt(++i);
      int simple = "\"\\/bfnrt".indexOf(kind);
      if (simple >= 0) {
        text.append("\"\\/\b\f\n\r\t".charAt(simple));
      } else if (kind == 'u' && isHex(raw, i + 1)) {
        text.append((char) Integer.parseInt(raw, i + 1, i + 5, 16));
        i += 4;
      } else {
        throw new SafetensorsException(file, start, what + " has an escape that JSON does not have");
      }
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new SafetensorsException(file, start, what + " has half a surrogate pair");
    }
    return text.toString();
  }

  /** Whether four hexadecimal digits stand at {@code from}. */
  private static boolean isHex(String raw, int from) {
    if (raw.length() < from + 4) {
      return false;
    }
    for (int i = from; i < from + 4; i++) {
      if (raw.charAt(i) > 'f' || Character.digit(raw.charAt(i), 16) < 0) {
        return false;
      }
    }
    return true;
  }

  /** A whole number from 0 to 2^63-1. */
  long readNatural(String what) {
    skipSpace();
    long start = position;
    long value = 0;
    for (int c = peek(); c >= '0' && c <= '9'; c = peek()) {
      if (value > (Long.MAX_VALUE - (c - '0')) / 10) {
        throw error(what + " is more than 2^63-1");
      }
      value = value * 10 + c - '0';
      position++;
    }
    boolean leadingZero = position - start > 1 && bytes.get(ValueLayout.JAVA_BYTE, start) == '0';
    if (position == start || leadingZero) {
      throw error(what + ": expected a whole number, found " + (leadingZero ? "a leading zero" : found()));
    }
    return value;
  }

  /** Any value, of no more than {@link #MAX_NESTING} levels. */
  void skipValue(String what, long stringLimit) {
    skipValue(what, stringLimit, 1);
  }

  private void skipValue(String what, long stringLimit, int depth) {
    if (depth > MAX_NESTING) {
      throw error(what + " is nested more than " + MAX_NESTING + " deep");
    }
    if (take('{')) {
      if (!take('}')) {
        do {
          readKey(what, stringLimit);
          skipValue(what, stringLimit, depth + 1);
        } while (more('}', what));
      }
    } else if (take('[')) {
      if (!take(']')) {
        do {
          skipValue(what, stringLimit, depth + 1);
        } while (more(']', what));
      }
    } else if (peek() == '"') {
      readString(what, stringLimit);
    } else {
      skipWord(what);
    }
  }

  /** A number or one of the three words. */
  private void skipWord(String what) {
    long start = position;
    StringBuilder word = new StringBuilder();
    for (int c = peek(); c > ' ' && c < 127 && c != ',' && c != ']' && c != '}' && word.length() < 32; c = peek()) {
      word.append((char) c);
      position++;
    }
    if (!word.toString().matches("true|false|null|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?")) {
      position = start;
      throw error(what + ": expected a value, found " + found());
    }
  }
}
