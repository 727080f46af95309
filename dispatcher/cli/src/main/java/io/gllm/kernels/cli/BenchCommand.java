package io.gllm.kernels.cli;

import io.gllm.kernels.bench.Bench;
import io.gllm.kernels.bench.BenchOptions;
import io.gllm.kernels.bench.BenchReport;
import io.gllm.kernels.bench.Comparison;
import io.gllm.kernels.bench.Setting;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** GB/s, GFLOP/s, tokens/s and the share of the machine's peaks, all measured in the same run. */
@Command(name = "bench", description = "Measures operators and models against the peaks of the machine, taken in the same run.")
final class BenchCommand implements Callable<Integer> {
  @Spec
  private CommandSpec spec;

  @Option(names = "--suite", paramLabel = "S", split = ",", description = "Suites to run; 'model' measures a whole model, 'bars' judges the goals of the project, on one thread by default.")
  private List<String> suites = List.of();

  @Option(names = "--op", paramLabel = "O", description = "Only cases of this operator.")
  private String op;

  @Option(names = "--backend", paramLabel = "B", split = ",", description = "cuda, rocm, metal, vulkan, cpu; the best by default. Several are measured in turn.")
  private List<String> backends = List.of();

  @Option(names = "--tier", paramLabel = "T", split = ",", description = "Best tiers of the CPU to use: native, vector, scalar.")
  private List<String> tiers = List.of();

  @Option(names = "--isa", paramLabel = "I", split = ",", description = "Instruction sets of the native tier: avx512, avx2, neon; the best by default.")
  private List<String> isas = List.of();

  @Option(names = "--threads", paramLabel = "N", split = ",", description = "Numbers of threads of the CPU; one for each core by default.")
  private List<Integer> threads = List.of();

  @Option(names = "--model", paramLabel = "F", description = "A GGUF file for the suite 'model'; a small bundled one by default.")
  private Path model;

  @Option(names = "--peer", paramLabel = "P", split = ",", description = "Libraries to run beside the CPU, if they are installed: openblas, onednn.")
  private List<String> peers = List.of();

  @Option(names = "--require-peer", description = "A library that is not installed is an error.")
  private boolean requirePeer;

  @Option(names = "--rounds", paramLabel = "N", defaultValue = "7", description = "Samples of each case (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(names = "--seconds", paramLabel = "S", defaultValue = "1.5", description = "Time for the samples of a case (${DEFAULT-VALUE}).")
  private double seconds;

  @Option(names = "--json", paramLabel = "F", description = "Writes the results to a file, with every sample.")
  private Path json;

  @Option(names = "--html", paramLabel = "F", description = "Writes the results to a page with plots that opens offline.")
  private Path html;

  @Option(names = "--read", paramLabel = "F", description = "Reads the results from a file of --json instead of measuring.")
  private Path read;

  @Option(names = "--compare", paramLabel = "F", description = "Compares the results with an earlier file of --json.")
  private Path compare;

  @Option(names = "--threshold", paramLabel = "P", defaultValue = "3", description = "Least difference that counts, in percent (${DEFAULT-VALUE}).")
  private double threshold;

  @Option(names = "--fail-on-regression", description = "Exits with 1 if a case became slower.")
  private boolean failOnRegression;

  @Option(names = "--any-machine", description = "Compares with results of other hardware.")
  private boolean anyMachine;

  @Override
  public Integer call() throws IOException {
    requires("--fail-on-regression", failOnRegression, "--compare", compare != null);
    requires("--any-machine", anyMachine, "--compare", compare != null);
    requires("--require-peer", requirePeer, "--peer", !peers.isEmpty());
    requires("--model", model != null, "--suite model", suites.contains("model"));
    BenchReport old = compare == null ? null : Comparison.read(compare); // before minutes are spent on measuring
    BenchReport report = read == null ? measure() : Comparison.read(read);
    PrintWriter out = spec.commandLine().getOut();
    out.print(report.table());
    out.flush();
    if (json != null) {
      Files.writeString(json, report.json());
    }
    Comparison comparison = old == null ? null : compared(old, report, out);
    if (html != null) {
      Files.writeString(html, comparison == null ? report.html() : report.html(comparison));
    }
    boolean regression = failOnRegression && comparison.hasRegression();
    return report.passed() && !regression ? 0 : 1;
  }

  /** An option without effect is a mistake that nobody would notice. */
  private static void requires(String option, boolean given, String other, boolean present) {
    if (given && !present) {
      throw new IllegalArgumentException(option + " needs " + other);
    }
  }

  private BenchReport measure() throws IOException {
    BenchOptions options = new BenchOptions(suites, op, Setting.combinations(backends, tiers, isas, threads), peers, requirePeer, null,
        rounds, seconds);
    PrintStream progress = System.err;
    if (!suites.contains("model")) {
      return Bench.run(options, progress);
    }
    try (BundledModel chosen = BundledModel.orNamed(model)) {
      return Bench.run(options.withModel(chosen.file()), progress);
    }
  }

  private Comparison compared(BenchReport old, BenchReport report, PrintWriter out) {
    Comparison comparison = Comparison.of(old, report, threshold / 100, anyMachine);
    out.print("\n" + comparison.table());
    out.flush();
    return comparison;
  }
}
