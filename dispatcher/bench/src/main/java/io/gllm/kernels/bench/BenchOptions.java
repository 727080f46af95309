package io.gllm.kernels.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * What a run measures.
 *
 * @param suites names of suites, see {@link Bench#suites()}; empty for the standard ones, or for all if an operator is named
 * @param op only cases of this operator, or null
 * @param settings the devices, in turn with each other; the first is the one that others are compared with
 * @param peers names of foreign libraries to run beside the CPU, see {@link Bench#peers()}
 * @param requirePeers whether a library that is not installed is an error; else the report says so
 * @param model the GGUF file of the suite {@code model}, or null
 * @param rounds samples of each case, at least 1; its peaks are sampled as often, in turn with it
 * @param seconds time for the samples of one case; a case whose call takes longer than four times that is left out
 */
public record BenchOptions(List<String> suites, String op, List<Setting> settings, List<String> peers, boolean requirePeers, Path model,
    int rounds, double seconds) {
  /** Two to three minutes on all threads of the best device. */
  public static final BenchOptions DEFAULT = new BenchOptions(List.of(), null, List.of(Setting.BEST), List.of(), false, null, 7, 1.5);

  /** Checks the numbers. */
  public BenchOptions {
    suites = List.copyOf(suites);
    settings = List.copyOf(settings);
    peers = List.copyOf(peers);
    if (settings.isEmpty() || rounds < 1 || rounds > ReportReader.MOST_SAMPLES || !(seconds > 0 && seconds <= 3600)) {
      throw new IllegalArgumentException("a run needs a device, 1 to " + ReportReader.MOST_SAMPLES + " rounds and seconds in (0, 3600]: "
          + settings.size() + " devices, " + rounds + ", " + seconds);
    }
  }

  /** The same for other suites. */
  public BenchOptions withSuites(String... names) {
    return new BenchOptions(List.of(names), op, settings, peers, requirePeers, model, rounds, seconds);
  }

  /** The same for one operator. */
  public BenchOptions withOp(String name) {
    return new BenchOptions(suites, name, settings, peers, requirePeers, model, rounds, seconds);
  }

  /** The same on other devices. */
  public BenchOptions on(Setting... others) {
    return new BenchOptions(suites, op, List.of(others), peers, requirePeers, model, rounds, seconds);
  }

  /** The same beside foreign libraries. */
  public BenchOptions withPeers(boolean required, String... names) {
    return new BenchOptions(suites, op, settings, List.of(names), required, model, rounds, seconds);
  }

  /** The same with a model. */
  public BenchOptions withModel(Path file) {
    return new BenchOptions(suites, op, settings, peers, requirePeers, file, rounds, seconds);
  }

  /** The same with another number of samples and another time for each case. */
  public BenchOptions sampling(int otherRounds, double otherSeconds) {
    return new BenchOptions(suites, op, settings, peers, requirePeers, model, otherRounds, otherSeconds);
  }

  /** Whether a bar is judged. */
  boolean judges(Bar bar) {
    return suites.contains(Bars.SUITE) || suites.contains(bar.benchCase().suite());
  }

  /** Whether bars are judged. */
  boolean judged() {
    return Bars.suites().stream().anyMatch(suites::contains);
  }

  /** The longest call that is waited for. */
  double mostSeconds() {
    return 4 * seconds;
  }
}
