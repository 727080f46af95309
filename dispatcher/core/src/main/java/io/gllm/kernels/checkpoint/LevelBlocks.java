package io.gllm.kernels.checkpoint;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Block formats of value {@code d * level} with an f16 d, which hold a block exactly whose levels share a scale and lie in a range. */
enum LevelBlocks {
  Q2_0(QuantFormat.Q2_0, -1, 2), Q4_0(QuantFormat.Q4_0, -8, 7), Q5_0(QuantFormat.Q5_0, -16, 15), Q8_0(QuantFormat.Q8_0, -128, 127);

  private final QuantFormat format;
  private final int least;
  private final int most;

  LevelBlocks(QuantFormat format, int least, int most) {
    this.format = format;
    this.least = least;
    this.most = most;
  }

  /** The constant of a format, or null if it is none of these. */
  static LevelBlocks of(QuantFormat format) {
    for (LevelBlocks blocks : values()) {
      if (blocks.format == format) {
        return blocks;
      }
    }
    return null;
  }

  QuantFormat format() {
    return format;
  }

  int elements() {
    return format.blockElements();
  }

  /** Whether the block from {@code from} is held without any change, down to the bits of its numbers. */
  boolean holds(int[] levels, float[] scales, int from) {
    int bits = Float.floatToRawIntBits(scales[from]);
    if (bits != Float.floatToRawIntBits(Float.float16ToFloat(Float.floatToFloat16(scales[from])))) {
      return false;
    }
    for (int j = from; j < from + elements(); j++) {
      if (levels[j] < least || levels[j] > most || Float.floatToRawIntBits(scales[j]) != bits) {
        return false;
      }
    }
    return true;
  }

  /** Writes the block from {@code from}. */
  void write(int[] levels, int from, float scale, MemorySegment out, long at) {
    out.asSlice(at, format.blockBytes()).fill((byte) 0);
    out.set(PackedWords.SHORT, at, Float.floatToFloat16(scale));
    for (int j = 0; j < elements(); j++) {
      int code = levels[from + j] - (this == Q8_0 ? 0 : least);
      switch (this) {
        case Q2_0 -> or(out, at + 2 + j / 4, code << 2 * (j % 4));
        case Q4_0 -> or(out, at + 2 + j % 16, code << 4 * (j / 16));
        case Q5_0 -> {
          or(out, at + 2 + j / 8, (code >> 4) << j % 8);
          or(out, at + 6 + j % 16, (code & 15) << 4 * (j / 16));
        }
        case Q8_0 -> out.set(ValueLayout.JAVA_BYTE, at + 2 + j, (byte) code);
      }
    }
  }

  private static void or(MemorySegment out, long at, int bits) {
    out.set(ValueLayout.JAVA_BYTE, at, (byte) (out.get(ValueLayout.JAVA_BYTE, at) | bits));
  }
}
