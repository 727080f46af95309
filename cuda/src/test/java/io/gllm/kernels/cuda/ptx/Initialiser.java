package io.gllm.kernels.cuda.ptx;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** The values of a variable of a module; those that are not written are zero. */
final class Initialiser {
  private Initialiser() {}

  static void fill(MemorySegment memory, String type, String list, Statement s) {
    memory.fill((byte) 0);
    if (list == null) {
      return;
    }
    long at = 0;
    for (String value : list.replaceAll("[{}\\s]", "").split(",")) {
      if (!value.isEmpty()) {
        int bytes = PtxParser.bytes(type);
        if (at + bytes > memory.byteSize()) {
          throw new PtxFault(s.line(), s.text(), "more values than the array holds");
        }
        put(memory, at, bytes, number(value, s));
        at += bytes;
      }
    }
  }

  private static void put(MemorySegment memory, long at, int bytes, long value) {
    switch (bytes) {
      case 1 -> memory.set(JAVA_BYTE, at, (byte) value);
      case 2 -> memory.set(JAVA_SHORT_UNALIGNED, at, (short) value);
      case 4 -> memory.set(JAVA_INT_UNALIGNED, at, (int) value);
      default -> memory.set(JAVA_LONG_UNALIGNED, at, value);
    }
  }

  /** An immediate: decimal, hexadecimal, octal, or the bits of a float. */
  static long number(String text, Statement s) {
    try {
      boolean negative = text.startsWith("-");
      String t = (negative ? text.substring(1) : text).replaceAll("U$", "");
      long v;
      if (t.matches("0[fF][0-9a-fA-F]{8}") || t.matches("0[dD][0-9a-fA-F]{16}")) {
        v = Long.parseUnsignedLong(t.substring(2), 16);
      } else if (t.startsWith("0x") || t.startsWith("0X")) {
        v = Long.parseUnsignedLong(t.substring(2), 16);
      } else if (t.matches("0[0-7]+")) {
        v = Long.parseUnsignedLong(t, 8);
      } else {
        v = Long.parseUnsignedLong(t);
      }
      return negative ? -v : v;
    } catch (NumberFormatException e) {
      throw new PtxFault(s.line(), s.text(), "unknown operand " + text);
    }
  }
}
