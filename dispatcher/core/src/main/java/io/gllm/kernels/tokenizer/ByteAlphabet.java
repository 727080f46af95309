package io.gllm.kernels.tokenizer;

import java.util.Arrays;

/**
 * The 256 printable characters by which byte-level vocabularies spell bytes (GPT-2): printable Latin-1 stands for itself, the
 * others follow from U+0100 in order.
 */
final class ByteAlphabet {
  private static final char[] CHARS = chars();
  private static final int LAST = 0x143;
  private static final short[] BYTES = bytes();

  private ByteAlphabet() {}

  private static char[] chars() {
    char[] chars = new char[256];
    char other = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
      chars[b] = printable ? (char) b : other++;
    }
    return chars;
  }

  private static short[] bytes() {
    short[] bytes = new short[LAST + 1];
    Arrays.fill(bytes, (short) -1);
    for (int b = 0; b < 256; b++) {
      bytes[CHARS[b]] = (short) b;
    }
    return bytes;
  }

  /** The character of an unsigned byte. */
  static char charOf(int b) {
    return CHARS[b];
  }

  /** The unsigned byte that a character spells, or -1. */
  static int byteOf(int codePoint) {
    return codePoint > LAST ? -1 : BYTES[codePoint];
  }
}
