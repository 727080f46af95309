package io.gllm.kernels.cli;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.Ops;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.Conformance;
import io.gllm.kernels.testkit.Report;
import io.gllm.kernels.testkit.Result;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Proves a backend against the double-precision oracle, or its decoders against golden blocks. */
@Command(name = "conformance", description = "Checks every operator of a backend against the double-precision oracle.")
final class ConformanceCommand implements Callable<Integer> {
  @Spec
  private CommandSpec spec;

  @Mixin
  private DeviceOptions options = new DeviceOptions();

  @Option(names = "--op", paramLabel = "O", description = "Only this operator.")
  private String opName;

  @Option(names = "--reproducible", description = "The kernels of REPRODUCIBLE instead of FAST.")
  private boolean reproducible;

  @Option(names = "--golden", paramLabel = "DIR", description = "Decodes the golden blocks of a folder and compares bit for bit.")
  private Path golden;

  @Override
  public Integer call() throws IOException {
    return golden != null ? golden() : operators();
  }

  private int golden() throws IOException {
    try (KernelDispatcher kernels = options.open(reproducible)) {
      return new GoldenCheck(kernels, golden, spec.commandLine().getOut()).run() ? 0 : 1;
    }
  }

  private int operators() {
    Op<?> only = opName == null ? null : Ops.named(opName);
    PrintWriter out = spec.commandLine().getOut();
    try (Device device = options.openDevice()) {
      Report report = Conformance.run(device, reproducible ? Numerics.REPRODUCIBLE : Numerics.FAST,
          test -> only == null || test.op() == only, this::show);
      out.print(report.table());
      long failed = report.failures().size();
      out.printf("%d cases, %d failed on %s (%s)%n", report.results().size(), failed, device.info().backend(), device.info().name());
      return failed == 0 && !report.results().isEmpty() ? 0 : 1;
    }
  }

  private void show(Result result) {
    if (result.failed()) {
      spec.commandLine().getErr().println(result);
    }
  }
}
