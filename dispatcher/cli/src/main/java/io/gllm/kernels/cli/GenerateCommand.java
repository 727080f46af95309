package io.gllm.kernels.cli;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.model.GenerationOptions;
import io.gllm.kernels.model.GenerationResult;
import io.gllm.kernels.model.LlamaModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Continues a text with a GGUF model; without one, with the small model that is bundled. */
@Command(name = "generate", description = "Continues a text with a GGUF model of the llama architecture.")
final class GenerateCommand implements Callable<Integer> {
  @Spec
  private CommandSpec spec;

  @Mixin
  private DeviceOptions options = new DeviceOptions();

  @Option(names = "--model", paramLabel = "F", description = "A GGUF file; a small bundled model tells stories without it.")
  private Path model;

  @Option(names = "--prompt", paramLabel = "P", defaultValue = "", description = "The text to continue; empty by default.")
  private String prompt;

  @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "256", description = "Most tokens to generate (${DEFAULT-VALUE}).")
  private int maxTokens;

  @Option(names = "--temperature", paramLabel = "T", defaultValue = "0", description = "0, the default, takes the most likely token.")
  private float temperature;

  @Option(names = "--top-k", paramLabel = "K", defaultValue = "0", description = "Samples from the K most likely tokens; 0 for all.")
  private int topK;

  @Option(names = "--top-p", paramLabel = "P", defaultValue = "1", description = "Samples from the tokens that make up this probability.")
  private float topP;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Of the random numbers (${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--reproducible", description = "Results with the same bits on every backend.")
  private boolean reproducible;

  @Option(names = "--ids", description = "Prints token ids only.")
  private boolean ids;

  @Override
  public Integer call() throws IOException {
    GenerationOptions generation = new GenerationOptions(maxTokens, temperature, topK, topP, seed);
    try (BundledModel chosen = BundledModel.orNamed(model)) {
      return generate(chosen.file(), generation);
    }
  }

  private int generate(Path file, GenerationOptions generation) {
    PrintWriter out = spec.commandLine().getOut();
    try (KernelDispatcher kernels = options.open(reproducible); LlamaModel llama = LlamaModel.load(kernels, file)) {
      GenerationResult result;
      if (ids) {
        result = llama.generate(prompt, generation, text -> {});
        out.println(join(result.ids()));
      } else {
        out.print(prompt);
        result = llama.generate(prompt, generation, text -> print(out, text));
        out.println();
      }
      out.flush();
      spec.commandLine().getErr().printf("%s (%s): prefill %d tokens, %.0f tokens/s; decode %d tokens, %.0f tokens/s; stop: %s%n",
          kernels.device().backend(), kernels.device().name(), result.promptIds().length, result.prefillTokensPerSecond(),
          result.ids().length, result.decodeTokensPerSecond(), result.stop());
    }
    return 0;
  }

  private static void print(PrintWriter out, String text) {
    out.print(text);
    out.flush();
  }

  private static String join(int[] ids) {
    StringBuilder line = new StringBuilder();
    for (int id : ids) {
      line.append(line.isEmpty() ? "" : " ").append(id);
    }
    return line.toString();
  }
}
