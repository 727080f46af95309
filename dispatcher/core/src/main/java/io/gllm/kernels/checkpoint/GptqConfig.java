package io.gllm.kernels.checkpoint;

import java.util.Objects;

/**
 * What a GPTQ checkpoint says about itself outside its tensors.
 *
 * @param bits bits of a code: 2, 3, 4 or 8
 * @param groupSize inputs that share a scale, or -1 for all
 * @param variant how zero points are stored
 * @param symmetric whether every zero point is the middle code, which is checked: it tells the variants apart
 */
public record GptqConfig(int bits, int groupSize, GptqVariant variant, boolean symmetric) {
  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if GPTQ has no such form
   */
  public GptqConfig {
    Objects.requireNonNull(variant, "variant");
    if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
      throw new IllegalArgumentException("GPTQ has 2, 3, 4 or 8 bits, not " + bits);
    }
    if (groupSize != -1 && groupSize < 1) {
      throw new IllegalArgumentException("a group of " + groupSize + " inputs; expected a positive size, or -1 for all");
    }
  }

  /** Groups of {@code columns} inputs. */
  int groups(int columns) {
    return groupSize == -1 ? 1 : Math.ceilDiv(columns, groupSize);
  }

  /** The group of each input where no order was stored. */
  int[] inOrder(int columns) {
    int[] groups = new int[columns];
    for (int k = 0; groupSize != -1 && k < columns; k++) {
      groups[k] = k / groupSize;
    }
    return groups;
  }
}
