package io.gllm.kernels.model;

/**
 * What was generated, and how fast.
 *
 * @param text the generated text, without the prompt
 * @param promptIds ids of the prompt
 * @param ids generated ids, the end token included if there was one
 * @param stop why generation ended
 * @param prefillNanos time for the prompt
 * @param decodeNanos time for the generated tokens
 */
public record GenerationResult(String text, int[] promptIds, int[] ids, StopReason stop, long prefillNanos, long decodeNanos) {
  /** Prompt tokens per second. */
  public double prefillTokensPerSecond() {
    return 1e9 * promptIds.length / Math.max(1, prefillNanos);
  }

  /** Generated tokens per second. */
  public double decodeTokensPerSecond() {
    return 1e9 * ids.length / Math.max(1, decodeNanos);
  }
}
