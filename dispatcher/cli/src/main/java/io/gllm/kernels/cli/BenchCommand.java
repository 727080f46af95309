package io.gllm.kernels.cli;

import io.gllm.kernels.bench.BenchOptions;
import io.gllm.kernels.bench.BenchReport;
import io.gllm.kernels.bench.Bench;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** GB/s, GFLOP/s and the share of the machine's peaks, all measured in the same run. */
@Command(name = "bench", description = "Measures operators against the peaks of the machine, taken in the same run.")
final class BenchCommand implements Callable<Integer> {
  @Spec
  private CommandSpec spec;

  @Mixin
  private DeviceOptions device = new DeviceOptions();

  @Option(names = "--suite", paramLabel = "S", split = ",", description = "Suites to run; 'bars' judges the goals of the project, on one thread by default.")
  private List<String> suites = List.of();

  @Option(names = "--op", paramLabel = "O", description = "Only cases of this operator.")
  private String op;

  @Option(names = "--json", paramLabel = "F", description = "Writes the results to a file.")
  private Path json;

  @Option(names = "--rounds", paramLabel = "N", defaultValue = "7", description = "Samples of each case (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(names = "--seconds", paramLabel = "S", defaultValue = "1.5", description = "Time for the samples of a case (${DEFAULT-VALUE}).")
  private double seconds;

  @Override
  public Integer call() throws IOException {
    BenchOptions measured = BenchOptions.DEFAULT.withSuites(suites.toArray(String[]::new)).withOp(op).sampling(rounds, seconds);
    BenchReport report = Bench.run(device.on(measured), System.err);
    PrintWriter out = spec.commandLine().getOut();
    out.print(report.table());
    out.flush();
    if (json != null) {
      Files.writeString(json, report.json());
    }
    return report.passed() ? 0 : 1;
  }
}
