package io.gllm.kernels.model;

/**
 * How tokens are chosen, and how many.
 *
 * @param maxTokens most tokens to generate
 * @param temperature 0 takes the most likely token; otherwise logits are divided by it before sampling, then cut by topK, then topP
 * @param topK only this many of the most likely tokens; 0 for all
 * @param topP only the most likely tokens whose probabilities add up to this; 1 for all
 * @param seed of the random numbers; the same seed gives the same text, on every backend as far as logits are equal
 */
public record GenerationOptions(int maxTokens, float temperature, int topK, float topP, long seed) {
  /** Checks the ranges. */
  public GenerationOptions {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("maxTokens must be at least 1: " + maxTokens);
    }
    if (!(temperature >= 0 && temperature < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("temperature must be finite and not negative: " + temperature);
    }
    if (topK < 0) {
      throw new IllegalArgumentException("topK must not be negative: " + topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP must be in (0, 1]: " + topP);
    }
  }

  /** The most likely token each time. */
  public static GenerationOptions greedy(int maxTokens) {
    return new GenerationOptions(maxTokens, 0, 0, 1, 0);
  }

  /** Sampled from all tokens. */
  public static GenerationOptions sampled(int maxTokens, float temperature, long seed) {
    return new GenerationOptions(maxTokens, temperature, 0, 1, seed);
  }

  /** The same, only from the {@code k} most likely tokens. */
  public GenerationOptions withTopK(int k) {
    return new GenerationOptions(maxTokens, temperature, k, topP, seed);
  }

  /** The same, only from the most likely tokens whose probabilities add up to {@code p}. */
  public GenerationOptions withTopP(float p) {
    return new GenerationOptions(maxTokens, temperature, topK, p, seed);
  }

  /** Whether the most likely token is taken each time. */
  public boolean isGreedy() {
    return temperature == 0;
  }
}
