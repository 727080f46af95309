package io.gllm.kernels.api.op;

import io.gllm.kernels.api.RopeLayout;
import java.util.Objects;

/**
 * Sizes of a rotary embedding; made once and reused for every call.
 *
 * @param heads heads of a token
 * @param headDim elements of a head
 * @param rotaryDim how many of them are rotated, even
 * @param layout which elements form a pair
 */
public record RopeShape(int heads, int headDim, int rotaryDim, RopeLayout layout) {
  /** Checks that the sizes belong together. */
  public RopeShape {
    Objects.requireNonNull(layout, "layout");
    if (heads <= 0 || headDim <= 0 || rotaryDim < 0 || rotaryDim > headDim || rotaryDim % 2 != 0) {
      throw new IllegalArgumentException("rotary_dim " + rotaryDim + " must be even and at most head_dim " + headDim + "; heads " + heads);
    }
  }
}
