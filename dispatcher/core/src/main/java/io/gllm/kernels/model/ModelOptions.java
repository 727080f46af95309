package io.gllm.kernels.model;

import io.gllm.kernels.api.DType;

/**
 * How a model is loaded.
 *
 * @param contextLength tokens of prompt and answer together, at most what the model was trained for; 0 for that, but at most
 *     {@value #DEFAULT_CONTEXT}
 * @param cacheType element type of the cache of keys and values; null for f16 where the weights are quantised, else f32, so that
 *     rounding the cache never outweighs rounding the weights
 * @param recorded whether the step that decodes a token is recorded once and then replayed, on a backend that captures its launches; else
 *     each kernel of each token is launched by itself, with the same result
 */
public record ModelOptions(int contextLength, DType cacheType, boolean recorded) {
  /** The longest context that is not asked for: the cache of a longer one can outgrow the weights. */
  public static final int DEFAULT_CONTEXT = 4096;

  private static final int MAX_CONTEXT = 1 << 23;

  /** What is right for most. */
  public static final ModelOptions DEFAULT = new ModelOptions(0, null);

  /** Recorded steps, and the rest as given. */
  public ModelOptions(int contextLength, DType cacheType) {
    this(contextLength, cacheType, true);
  }

  /** Checks the values. */
  public ModelOptions {
    if (contextLength < 0 || contextLength > MAX_CONTEXT) {
      throw new IllegalArgumentException("contextLength must be in 0.." + MAX_CONTEXT + ": " + contextLength);
    }
    if (cacheType != null && !cacheType.isFloat()) {
      throw new IllegalArgumentException("cacheType must be f32, f16 or bf16: " + cacheType.label());
    }
  }
}
