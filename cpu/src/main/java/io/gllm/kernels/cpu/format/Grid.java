package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.CodeBook;
import java.lang.foreign.ValueLayout;

/** The rows of a code book, ready for decoding. */
final class Grid {
  private final byte[] values;
  private final int width;

  Grid(CodeBook book) {
    this.values = book.table().toArray(ValueLayout.JAVA_BYTE);
    this.width = book.width();
  }

  /** Writes a row times a scale, negated where a bit of {@code signs} is set. */
  void put(int row, float scale, int signs, float[] out, int to) {
    for (int i = 0; i < width; i++) {
      float v = scale * values[row * width + i];
      out[to + i] = (signs >> i & 1) != 0 ? -v : v;
    }
  }

  /** Writes a row, moved by {@code shift}, times a scale. */
  void putShifted(int row, float scale, float shift, float[] out, int to) {
    for (int i = 0; i < width; i++) {
      out[to + i] = scale * (values[row * width + i] + shift);
    }
  }

  /** Eight signs from seven: the highest makes their number even. */
  static int evenSigns(int seven) {
    return seven | (Integer.bitCount(seven) & 1) << 7;
  }
}
