package io.gllm.kernels.cli;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.Ops;
import io.gllm.kernels.api.spi.Candidate;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Which kernels were considered for an operator, and why the one that runs was chosen. */
@Command(name = "explain", description = "Shows which kernels were considered for an operator, and why.")
final class ExplainCommand implements Callable<Integer> {
  @Spec
  private CommandSpec spec;

  @Mixin
  private DeviceOptions device = new DeviceOptions();

  @Parameters(paramLabel = "OP", arity = "0..1", description = "An operator, for example rms_norm; without one, lists all.")
  private String name;

  @Option(names = "--reproducible", description = "For REPRODUCIBLE instead of FAST.")
  private boolean reproducible;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    if (name == null) {
      Ops.all().forEach(op -> out.println(op.name()));
      return 0;
    }
    Op<?> op = Ops.named(name);
    try (KernelDispatcher kernels = device.open(reproducible)) {
      for (Map.Entry<ElementType, List<Candidate>> row : kernels.explain(op).entrySet()) {
        out.println(op.name() + " " + row.getKey().label() + " on " + kernels.device().backend());
        for (Candidate candidate : row.getValue()) {
          out.printf("  %s %-40s %s%n", candidate.chosen() ? "->" : "  ", candidate.kernel(), candidate.reason());
        }
      }
    }
    return 0;
  }
}
