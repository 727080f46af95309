package io.gllm.kernels.cli;

import io.gllm.kernels.api.KernelException;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The entry point: {@code gllm COMMAND}. */
@Command(name = "gllm", description = "Kernels of LLM inference on the best device of this machine.", mixinStandardHelpOptions = true, version = "gllm 0.1.0", subcommands = {
  DoctorCommand.class, GenerateCommand.class, ConformanceCommand.class, BenchCommand.class, ExplainCommand.class})
public final class Gllm {
  /** Kept, since java.util.logging forgets the level of a logger that is collected. */
  private static final Logger KERNELS = Logger.getLogger("io.gllm.kernels");

  private Gllm() {}

  /** Runs a command; exits with 0 on success, 1 on a failure it explains, 2 on wrong usage. */
  public static void main(String[] args) {
    KERNELS.setLevel(Level.WARNING); // the commands themselves say which device they use
    System.exit(commandLine().execute(args.length == 0 ? new String[]{"--help"} : args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Gllm()).setExecutionExceptionHandler(Gllm::explain);
  }

  /** What a user can act on is said in a line; anything else is a defect and shows its trace. */
  private static int explain(Exception e, CommandLine line, CommandLine.ParseResult parsed) throws Exception {
    if (e instanceof KernelException || e instanceof IllegalArgumentException || e instanceof IOException) {
      line.getErr().println("gllm: " + e.getMessage());
      return 1;
    }
    throw e;
  }
}
