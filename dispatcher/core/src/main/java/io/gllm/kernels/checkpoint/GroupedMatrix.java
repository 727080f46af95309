package io.gllm.kernels.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Codes with a zero point and an f16 scale per group of inputs and output: value {@code scale[g][n] * (q[k][n] - zero[g][n])}. */
abstract class GroupedMatrix extends ScaledMatrix {
  private final MemorySegment scales;

  GroupedMatrix(int rows, int columns, int groups, MemorySegment scales) {
    super(rows, columns);
    PackedWords.requireBytes("scales", scales, 2L * groups * rows, groups + " x " + rows + " f16");
    this.scales = scales;
  }

  /** Writes the codes of rows, row after row. */
  abstract void codes(int first, int count, int[] codes);

  /** The group of an input. */
  abstract int group(int column);

  /** The zero point of a group. */
  abstract int zero(int group, int row);

  @Override
  public final boolean levels(int first, int count, int[] levels, float[] scalesOut) {
    codes(first, count, levels);
    int columns = columns();
    int end;
    for (int start = 0; start < columns; start = end) {
      int group = group(start);
      end = start + 1;
      while (end < columns && group(end) == group) {
        end++;
      }
      for (int i = 0; i < count; i++) {
        int zero = zero(group, first + i);
        for (int at = i * columns + start; at < i * columns + end; at++) {
          levels[at] -= zero;
        }
        float scale = Float.float16ToFloat(scales.getAtIndex(PackedWords.SHORT, (long) group * rows() + first + i));
        Arrays.fill(scalesOut, i * columns + start, i * columns + end, scale);
      }
    }
    return true;
  }
}
