package io.gllm.kernels.checkpoint;

import io.gllm.kernels.safetensors.SafetensorsSource;
import io.gllm.kernels.safetensors.SafetensorsTensor;
import io.gllm.kernels.safetensors.SafetensorsType;
import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;

/**
 * GPTQ: {@code w[n][k] = scale[g][n] * (q[k][n] - zero[g][n])} with the group {@code g = g_idx[k]}, which act-order permutes.
 * <pre>
 * qweight  i32 [ceil(K bits / 32)][N]   codes packed down a column, lowest bits first
 * qzeros   i32 [G][ceil(N bits / 32)]   zero points packed along a row, stored minus one by V1
 * scales   f16 [G][N]
 * g_idx    i32 [K]                      optional; else k / group size
 * </pre>
 */
public final class GptqMatrix extends GroupedMatrix {
  private final GptqConfig config;
  private final PackedWords qweight;
  private final PackedWords qzeros;
  private final int[] groupOf;

  /**
   * The matrix in these tensors, which are used in place.
   *
   * @param groupOf group of each input, or null for groups in order
   * @throws IllegalArgumentException if the sizes do not fit, a group is out of range, or the zero points are not those of a symmetric
   *     checkpoint that says it is
   */
  public GptqMatrix(GptqConfig config, int rows, int columns, MemorySegment qweight, MemorySegment qzeros, MemorySegment scales,
      int[] groupOf) {
    int groups = config.groups(columns);
    super(rows, columns, groups, scales);
    int bits = config.bits();
    this.config = config;
    this.qweight = new PackedWords("qweight", qweight, PackedWords.wordsFor(columns, bits), rows, bits);
    this.qzeros = new PackedWords("qzeros", qzeros, groups, PackedWords.wordsFor(rows, bits), bits);
    this.groupOf = groupOf == null ? config.inOrder(columns) : groupOf.clone();
    requireGroups(groups);
    if (config.symmetric()) {
      requireSymmetric(groups);
    }
  }

  /**
   * The matrix of the tensors {@code prefix + ".qweight"}, {@code ".qzeros"}, {@code ".scales"} and, where there is one,
   * {@code ".g_idx"}, which are used in place. K is the length of g_idx, or without it as many codes as qweight has room for.
   *
   * @throws io.gllm.kernels.safetensors.SafetensorsException if a tensor is missing or does not fit
   */
  public static GptqMatrix load(SafetensorsSource source, String prefix, GptqConfig config) {
    CheckpointTensors tensors = new CheckpointTensors(source, prefix);
    SafetensorsTensor qweight = tensors.matrix("qweight", SafetensorsType.I32);
    SafetensorsTensor qzeros = tensors.matrix("qzeros", SafetensorsType.I32);
    SafetensorsTensor scales = tensors.matrix("scales", SafetensorsType.F16);
    int rows = CheckpointTensors.size(qweight, 1);
    int[] order = tensors.optionalInts("g_idx");
    long columns = order != null ? order.length : CheckpointTensors.size(qweight, 0) * 32L / config.bits();
    if (columns > Integer.MAX_VALUE) {
      throw qweight.error("has " + columns + " inputs");
    }
    tensors.requireShape(qweight, PackedWords.wordsFor((int) columns, config.bits()), rows);
    int groups = config.groups((int) columns);
    tensors.requireShape(qzeros, groups, PackedWords.wordsFor(rows, config.bits()));
    tensors.requireShape(scales, groups, rows);
    return CheckpointTensors.checked(qweight,
        () -> new GptqMatrix(config, rows, (int) columns, qweight.segment(), qzeros.segment(), scales.segment(), order));
  }

  /**
   * Packs codes into new memory.
   *
   * @param codes [N][K], unsigned
   * @param zeros [G][N] zero points
   * @param scales [G][N] bits of f16
   * @param groupOf group of each input, or null
   */
  public static GptqMatrix pack(GptqConfig config, int rows, int columns, byte[] codes, byte[] zeros, short[] scales, int[] groupOf) {
    int bits = config.bits();
    int groups = config.groups(columns);
    int codeWords = PackedWords.wordsFor(columns, bits);
    int zeroWords = PackedWords.wordsFor(rows, bits);
    MemorySegment qweight = MemorySegment.ofArray(new int[Math.multiplyExact(codeWords, rows)]);
    MemorySegment qzeros = MemorySegment.ofArray(new int[Math.multiplyExact(groups, zeroWords)]);
    PackedWords down = new PackedWords("qweight", qweight, codeWords, rows, bits);
    for (int n = 0; n < rows; n++) {
      for (int k = 0; k < columns; k++) {
        down.putDown(k, n, Byte.toUnsignedInt(codes[n * columns + k]));
      }
    }
    PackedWords along = new PackedWords("qzeros", qzeros, groups, zeroWords, bits);
    for (int g = 0; g < groups; g++) {
      for (int n = 0; n < rows; n++) {
        along.putAlong(g, n, config.variant().stored(Byte.toUnsignedInt(zeros[g * rows + n]), bits));
      }
    }
    return new GptqMatrix(config, rows, columns, qweight, qzeros, MemorySegment.ofArray(scales.clone()), groupOf);
  }

  private void requireGroups(int groups) {
    if (groupOf.length != columns()) {
      throw new IllegalArgumentException("g_idx has " + groupOf.length + " entries for " + columns() + " inputs");
    }
    for (int k = 0; k < groupOf.length; k++) {
      if (groupOf[k] < 0 || groupOf[k] >= groups) {
        throw new IllegalArgumentException("g_idx[" + k + "] is " + groupOf[k] + ", there are " + groups + " groups");
      }
    }
  }

  private void requireSymmetric(int groups) {
    int middle = 1 << config.bits() - 1;
    if (!allZeros(groups, stored -> config.variant().zero(stored, config.bits()), middle)) {
      GptqVariant other = config.variant().other();
      boolean fits = allZeros(groups, stored -> other.zero(stored, config.bits()), middle);
      throw new IllegalArgumentException("qzeros are not all " + middle + " as " + config.variant() + ", though the checkpoint is symmetric"
          + (fits ? "; as " + other + " they are: the variant is wrong" : ""));
    }
  }

  private boolean allZeros(int groups, IntUnaryOperator zero, int expected) {
    for (int g = 0; g < groups; g++) {
      for (int n = 0; n < rows(); n++) {
        if (zero.applyAsInt(qzeros.along(g, n)) != expected) {
          return false;
        }
      }
    }
    return true;
  }

  @Override
  void codes(int first, int count, int[] codes) {
    qweight.columns(first, count, columns(), codes);
  }

  @Override
  int group(int column) {
    return groupOf[column];
  }

  @Override
  int zero(int group, int row) {
    return config.variant().zero(qzeros.along(group, row), config.bits());
  }

  @Override
  public String format() {
    return "gptq " + config.bits() + " bit " + config.variant();
  }
}
