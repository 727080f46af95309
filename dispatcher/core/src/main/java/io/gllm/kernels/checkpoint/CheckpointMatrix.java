package io.gllm.kernels.checkpoint;

/** Weights W[N][K] in the layout of a checkpoint, decoded exactly as the format says, a few rows at a time. Thread-safe. */
public interface CheckpointMatrix {
  /** Name of the format with what distinguishes it, for messages. */
  String format();

  /** N, the outputs. */
  int rows();

  /** K, the inputs. */
  int columns();

  /**
   * Decodes rows to f32.
   *
   * @param first the first row
   * @param count number of rows
   * @param out takes count x K numbers, row after row
   */
  void decode(int first, int count, float[] out);

  /**
   * The same rows as whole numbers times scales, so that each decoded number is {@code scale * level} rounded once to f32.
   *
   * @return false, with nothing promised about the arrays, if these rows have no such form
   */
  default boolean levels(int first, int count, int[] levels, float[] scales) {
    return false;
  }
}
