package io.gllm.kernels.bench;

import io.gllm.kernels.api.spi.PeakKind;

/**
 * A case as a contender ran it, or the reason why not.
 *
 * @param key which case
 * @param kernel name of the kernel that ran
 * @param work what one call does
 * @param calls calls of one sample
 * @param samples seconds of one call, or null if it was left out
 * @param share the least time that the limits of the same round allow, relative to the time taken; median over the rounds; NaN if
 *     there is no limit to compare with
 * @param bestShare the same for the best sample and the best limits of all rounds, which a busy machine disturbs less
 * @param bound the limit that bounds it, or null
 * @param allocated bytes on the Java heap for one call, on all threads of the dispatcher; median over the rounds. A case
 *     of few long calls may show some: the interpreter of the JVM boxes arguments of foreign calls until they are compiled
 * @param running share of the samples' time in which the calling thread ran: below 1 where others took its core, or where it slept
 *     while it waited for its team
 * @param skipped why it was left out, or null
 */
public record CaseResult(CaseKey key, String kernel, Work work, long calls, Samples samples, double share, double bestShare, PeakKind bound,
    double allocated, double running, String skipped) {
  /** A case that was left out. */
  static CaseResult skipped(CaseKey key, String kernel, Work work, String reason) {
    return new CaseResult(key, kernel, work, 0, null, Double.NaN, Double.NaN, null, Double.NaN, Double.NaN, reason);
  }

  /** 10^9 operations in a second. */
  public double gigaflops() {
    return work.flops() / samples.median() / 1e9;
  }

  /** 10^9 bytes in a second. */
  public double gigabytes() {
    return work.bytes() / samples.median() / 1e9;
  }

  /** Tokens in a second; 0 unless it is a model that ran. */
  public double tokensPerSecond() {
    return work.tokens() / samples.median();
  }
}
