package io.gllm.kernels.checkpoint;

import java.util.Random;

/**
 * Random codes, zero points and scales with the weights that they stand for, computed in f64 and independent of any layout.
 *
 * @param codes [N][K]
 * @param zeros [G][N]
 * @param scales [G][N] bits of f16
 * @param groupOf group of each input, or null for groups in order
 */
public record ScaledWeights(int bits, int rows, int columns, int groupSize, byte[] codes, byte[] zeros, short[] scales, int[] groupOf) {
  /**
   * Random weights.
   *
   * @param actOrder whether inputs are assigned to groups at random
   * @param symmetric whether all zero points are the middle code
   */
  public static ScaledWeights random(long seed, int bits, int rows, int columns, int groupSize, boolean actOrder, boolean symmetric) {
    Random random = new Random(seed);
    int groups = groupSize == -1 ? 1 : Math.ceilDiv(columns, groupSize);
    byte[] codes = new byte[rows * columns];
    random.nextBytes(codes);
    byte[] zeros = new byte[groups * rows];
    random.nextBytes(zeros);
    short[] scales = new short[groups * rows];
    int mask = (1 << bits) - 1;
    for (int i = 0; i < codes.length; i++) {
      codes[i] &= (byte) mask;
    }
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = (byte) (symmetric ? 1 << bits - 1 : zeros[i] & mask);
      scales[i] = Float.floatToFloat16((0.5f + random.nextFloat()) * (random.nextInt(8) == 0 ? -0.01f : 0.01f));
    }
    int[] groupOf = actOrder ? random.ints(columns, 0, groups).toArray() : null;
    return new ScaledWeights(bits, rows, columns, groupSize, codes, zeros, scales, groupOf);
  }

  int group(int k) {
    return groupOf != null ? groupOf[k] : groupSize == -1 ? 0 : k / groupSize;
  }

  /** The weights [N][K]; products of 11 and 9 bits are exact in f32. */
  public float[] expected() {
    float[] expected = new float[rows * columns];
    for (int n = 0; n < rows; n++) {
      for (int k = 0; k < columns; k++) {
        int at = group(k) * rows + n;
        int level = Byte.toUnsignedInt(codes[n * columns + k]) - Byte.toUnsignedInt(zeros[at]);
        expected[n * columns + k] = (float) ((double) Float.float16ToFloat(scales[at]) * level);
      }
    }
    return expected;
  }

  public GptqMatrix gptq(GptqVariant variant, boolean symmetric) {
    return GptqMatrix.pack(new GptqConfig(bits, groupSize, variant, symmetric), rows, columns, codes, zeros, scales, groupOf);
  }

  public AwqMatrix awq() {
    return AwqMatrix.pack(groupSize, rows, columns, codes, zeros, scales);
  }

  /** All rows of a matrix. */
  public static float[] decode(CheckpointMatrix matrix) {
    float[] out = new float[matrix.rows() * matrix.columns()];
    matrix.decode(0, matrix.rows(), out);
    return out;
  }
}
