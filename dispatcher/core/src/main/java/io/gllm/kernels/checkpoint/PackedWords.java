package io.gllm.kernels.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Codes of a few bits in a matrix of 32-bit words. Codes follow each other without gaps, lowest bits first; where 32 is no multiple
 * of the bits, as for 3, some lie across two words.
 */
final class PackedWords {
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment segment;
  private final int columns;
  private final int bits;
  private final int mask;

  PackedWords(String name, MemorySegment segment, long rows, long columns, int bits) {
    requireBytes(name, segment, Math.multiplyExact(4 * rows, columns), rows + " x " + columns + " words");
    this.segment = segment;
    this.columns = Math.toIntExact(columns);
    this.bits = bits;
    this.mask = (1 << bits) - 1;
  }

  static void requireBytes(String name, MemorySegment segment, long bytes, String what) {
    if (segment.byteSize() != bytes) {
      throw new IllegalArgumentException(name + " has " + segment.byteSize() + " bytes, " + what + " take " + bytes);
    }
  }

  /** Words that hold this many codes. */
  static int wordsFor(int codes, int bits) {
    return Math.toIntExact(((long) codes * bits + 31) / 32);
  }

  /** A whole word. */
  int word(int row, int column) {
    return segment.getAtIndex(INT, (long) row * columns + column);
  }

  /**
   * The codes that are packed down columns, column after column: {@code length} of each. A word is read once, and those of neighbouring
   * columns, which share a cache line, soon after each other.
   */
  void columns(int first, int count, int length, int[] codes) {
    for (int start = 0; start < length; start += 32) { // 32 codes are whole words
      for (int i = 0; i < count; i++) {
        span(start, first + i, Math.min(32, length - start), codes, i * length + start);
      }
    }
  }

  private void span(int start, int column, int length, int[] codes, int to) {
    int row = Math.toIntExact((long) start * bits / 32);
    long left = 0;
    int bitsLeft = 0;
    for (int c = 0; c < length; c++) {
      if (bitsLeft < bits) {
        left |= Integer.toUnsignedLong(word(row++, column)) << bitsLeft;
        bitsLeft += 32;
      }
      codes[to + c] = (int) left & mask;
      left >>>= bits;
      bitsLeft -= bits;
    }
  }

  /** Code {@code index} of those packed along a row. */
  int along(int row, int index) {
    long bit = (long) index * bits;
    long at = (long) row * columns + (bit >> 5);
    int shift = (int) bit & 31;
    int low = segment.getAtIndex(INT, at) >>> shift;
    int high = shift + bits > 32 ? segment.getAtIndex(INT, at + 1) << 32 - shift : 0;
    return (low | high) & mask;
  }

  void putDown(int index, int column, int code) {
    long bit = (long) index * bits;
    long at = (bit >> 5) * columns + column;
    put(at, at + columns, (int) bit & 31, code);
  }

  void putAlong(int row, int index, int code) {
    long bit = (long) index * bits;
    long at = (long) row * columns + (bit >> 5);
    put(at, at + 1, (int) bit & 31, code);
  }

  /** Into bits that are still zero. */
  private void put(long word, long next, int shift, int code) {
    if ((code & ~mask) != 0) {
      throw new IllegalArgumentException("code " + code + " does not fit " + bits + " bits");
    }
    segment.setAtIndex(INT, word, segment.getAtIndex(INT, word) | code << shift);
    if (shift + bits > 32) {
      segment.setAtIndex(INT, next, segment.getAtIndex(INT, next) | code >>> 32 - shift);
    }
  }
}
