package io.gllm.kernels.api.op;

import io.gllm.kernels.api.AttentionLayout;
import java.util.Objects;

/**
 * Sizes of attention over contiguous keys and values.
 *
 * @param batch independent sequences
 * @param heads query heads, a multiple of kvHeads
 * @param kvHeads key and value heads
 * @param queries queries of a sequence
 * @param keys keys of a sequence
 * @param headDim elements of a head, even, at most 256
 * @param layout order of the dimensions
 * @param causal whether query i sees only keys up to keys - queries + i
 * @param scale factor of the scores, usually 1/sqrt(headDim)
 */
public record AttentionShape(
    int batch, int heads, int kvHeads, int queries, int keys, int headDim, AttentionLayout layout, boolean causal, float scale) {
  /** Checks that the sizes belong together. */
  public AttentionShape {
    Objects.requireNonNull(layout, "layout");
    PagedShape.heads(heads, kvHeads, headDim);
    Check.size("batch", batch);
    Check.size("queries", queries);
    Check.size("keys", keys);
  }
}
