package io.gllm.kernels.bench;

import java.util.List;

/**
 * What a run measures.
 *
 * @param suites names of suites, see {@link Suites}; empty for the standard ones, or for all if an operator is named
 * @param op only cases of this operator, or null
 * @param backend the backend, or null for the best one
 * @param tier the best tier of the CPU to use, or null for the best there is
 * @param isa the instruction set of the CPU's native tier (avx512, avx2, neon), or null for the best there is
 * @param threads threads of the CPU; 0 for all, which the suite {@code bars} replaces by 1
 * @param rounds samples of each case, at least 1; its peaks are sampled as often, in turn with it
 * @param seconds time for the samples of one case; a case whose call takes longer than {@link #mostSeconds()} is left out
 */
public record BenchOptions(List<String> suites, String op, String backend, String tier, String isa, int threads, int rounds,
    double seconds) {
  /** Two to three minutes on all threads of the best device. */
  public static final BenchOptions DEFAULT = new BenchOptions(List.of(), null, null, null, null, 0, 7, 1.5);

  /** Checks the numbers. */
  public BenchOptions {
    suites = List.copyOf(suites);
    if (threads < 0 || rounds < 1 || !(seconds > 0 && seconds <= 3600)) {
      throw new IllegalArgumentException("threads must not be negative, rounds at least 1, seconds in (0, 3600]: " + threads + ", " + rounds
          + ", " + seconds);
    }
  }

  /** The same for other suites. */
  public BenchOptions withSuites(String... names) {
    return new BenchOptions(List.of(names), op, backend, tier, isa, threads, rounds, seconds);
  }

  /** The same for one operator. */
  public BenchOptions withOp(String name) {
    return new BenchOptions(suites, name, backend, tier, isa, threads, rounds, seconds);
  }

  /** The same on another device, tier and number of threads. */
  public BenchOptions on(String otherBackend, String otherTier, int otherThreads) {
    return new BenchOptions(suites, op, otherBackend, otherTier, isa, otherThreads, rounds, seconds);
  }

  /** The same with another instruction set of the CPU's native tier. */
  public BenchOptions withIsa(String otherIsa) {
    return new BenchOptions(suites, op, backend, tier, otherIsa, threads, rounds, seconds);
  }

  /** The same with another number of samples and another time for each case. */
  public BenchOptions sampling(int otherRounds, double otherSeconds) {
    return new BenchOptions(suites, op, backend, tier, isa, threads, otherRounds, otherSeconds);
  }

  /** The longest call that is waited for. */
  double mostSeconds() {
    return 4 * seconds;
  }
}
