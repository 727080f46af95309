package io.gllm.kernels.checkpoint;

import io.gllm.kernels.safetensors.SafetensorsSource;
import io.gllm.kernels.safetensors.SafetensorsTensor;
import io.gllm.kernels.safetensors.SafetensorsType;
import java.lang.foreign.MemorySegment;

/**
 * AWQ with 4 bits in the GEMM layout: {@code w[n][k] = scale[g][n] * (q[k][n] - zero[g][n])} with the group {@code g = k / group size}.
 * <pre>
 * qweight  i32 [K][ceil(N / 8)]   nibble i of word c is output 8 c + {0 2 4 6 1 3 5 7}[i]
 * qzeros   i32 [G][ceil(N / 8)]   in the same order
 * scales   f16 [G][N]
 * </pre>
 */
public final class AwqMatrix extends GroupedMatrix {
  private static final int BITS = 4;

  /** Nibble of each output of a word: the inverse of {0 2 4 6 1 3 5 7}. */
  private static final int[] NIBBLE = {0, 4, 1, 5, 2, 6, 3, 7};

  private final int groupSize;
  private final PackedWords qweight;
  private final PackedWords qzeros;

  /**
   * The matrix in these tensors, which are used in place.
   *
   * @param groupSize inputs that share a scale, or -1 for all
   * @throws IllegalArgumentException if the sizes do not fit
   */
  public AwqMatrix(int groupSize, int rows, int columns, MemorySegment qweight, MemorySegment qzeros, MemorySegment scales) {
    int groups = groups(groupSize, columns);
    super(rows, columns, groups, scales);
    int words = Math.ceilDiv(rows, 8);
    this.groupSize = groupSize == -1 ? columns : groupSize;
    this.qweight = new PackedWords("qweight", qweight, columns, words, BITS);
    this.qzeros = new PackedWords("qzeros", qzeros, groups, words, BITS);
  }

  private static int groups(int groupSize, int columns) {
    if (groupSize != -1 && groupSize < 1) {
      throw new IllegalArgumentException("a group of " + groupSize + " inputs; expected a positive size, or -1 for all");
    }
    return groupSize == -1 ? 1 : Math.ceilDiv(columns, groupSize);
  }

  /**
   * The matrix of the tensors {@code prefix + ".qweight"}, {@code ".qzeros"} and {@code ".scales"}, which are used in place.
   *
   * @throws IllegalArgumentException if there is no such group size
   * @throws io.gllm.kernels.safetensors.SafetensorsException if a tensor is missing or does not fit
   */
  public static AwqMatrix load(SafetensorsSource source, String prefix, int groupSize) {
    CheckpointTensors tensors = new CheckpointTensors(source, prefix);
    SafetensorsTensor qweight = tensors.matrix("qweight", SafetensorsType.I32);
    SafetensorsTensor qzeros = tensors.matrix("qzeros", SafetensorsType.I32);
    SafetensorsTensor scales = tensors.matrix("scales", SafetensorsType.F16);
    int rows = CheckpointTensors.size(scales, 1);
    int columns = CheckpointTensors.size(qweight, 0);
    int groups = groups(groupSize, columns);
    tensors.requireShape(qweight, columns, Math.ceilDiv(rows, 8));
    tensors.requireShape(qzeros, groups, Math.ceilDiv(rows, 8));
    tensors.requireShape(scales, groups, rows);
    return CheckpointTensors.checked(qweight,
        () -> new AwqMatrix(groupSize, rows, columns, qweight.segment(), qzeros.segment(), scales.segment()));
  }

  /**
   * Packs codes into new memory.
   *
   * @param codes [N][K], from 0 to 15
   * @param zeros [G][N] zero points, from 0 to 15
   * @param scales [G][N] bits of f16
   */
  public static AwqMatrix pack(int groupSize, int rows, int columns, byte[] codes, byte[] zeros, short[] scales) {
    int groups = groups(groupSize, columns);
    int words = Math.ceilDiv(rows, 8);
    MemorySegment qweight = MemorySegment.ofArray(new int[Math.multiplyExact(columns, words)]);
    MemorySegment qzeros = MemorySegment.ofArray(new int[Math.multiplyExact(groups, words)]);
    PackedWords weights = new PackedWords("qweight", qweight, columns, words, BITS);
    PackedWords points = new PackedWords("qzeros", qzeros, groups, words, BITS);
    for (int n = 0; n < rows; n++) {
      for (int k = 0; k < columns; k++) {
        weights.putAlong(k, place(n), codes[n * columns + k]);
      }
      for (int g = 0; g < groups; g++) {
        points.putAlong(g, place(n), zeros[g * rows + n]);
      }
    }
    return new AwqMatrix(groupSize, rows, columns, qweight, qzeros, MemorySegment.ofArray(scales.clone()));
  }

  /** Where the code of an output stands in its line. */
  private static int place(int output) {
    return output & -8 | NIBBLE[output & 7];
  }

  @Override
  void codes(int first, int count, int[] codes) {
    int columns = columns();
    for (int i = 0; i < count;) { // a word at a time: it holds eight outputs
      int output = first + i;
      int end = Math.min(count, i + 8 - output % 8);
      for (int k = 0; k < columns; k++) {
        int word = qweight.word(k, output / 8);
        for (int j = i; j < end; j++) {
          codes[j * columns + k] = word >>> BITS * NIBBLE[first + j & 7] & 15;
        }
      }
      i = end;
    }
  }

  @Override
  int group(int column) {
    return column / groupSize;
  }

  @Override
  int zero(int group, int row) {
    return qzeros.along(group, place(row));
  }

  @Override
  public String format() {
    return "awq 4 bit";
  }
}
