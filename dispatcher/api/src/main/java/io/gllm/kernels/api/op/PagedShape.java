package io.gllm.kernels.api.op;

/**
 * Sizes of attention over a paged cache; made once and reused for every step.
 *
 * @param sequences independent sequences
 * @param queries new tokens of each sequence
 * @param heads query heads, a multiple of kvHeads
 * @param kvHeads key and value heads
 * @param headDim elements of a head, even, at most 256
 * @param page tokens of a page
 * @param tableColumns pages a sequence can have
 * @param scale factor of the scores, usually 1/sqrt(headDim)
 */
public record PagedShape(int sequences, int queries, int heads, int kvHeads, int headDim, int page, int tableColumns, float scale) {
  /** Checks that the sizes belong together. */
  public PagedShape {
    heads(heads, kvHeads, headDim);
    Check.size("sequences", sequences);
    Check.size("queries", queries);
    Check.positive("page", page);
    Check.size("tableColumns", tableColumns);
    Check.times(Check.times(page, kvHeads), headDim);
  }

  static void heads(int heads, int kvHeads, int headDim) {
    if (kvHeads <= 0 || heads <= 0 || heads % kvHeads != 0) {
      throw new IllegalArgumentException("heads " + heads + " must be a positive multiple of kv_heads " + kvHeads);
    }
    if (headDim <= 0 || headDim % 2 != 0 || headDim > 256) {
      throw new IllegalArgumentException("head_dim must be even and in 2..256: " + headDim);
    }
  }
}
