package example;

import io.gllm.kernels.BackendState;
import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.model.GenerationOptions;
import io.gllm.kernels.model.LlamaModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Runs a few kernels and prints what was chosen, the reasons, and the bits of the results. With a model file and a prompt, it
 * also continues the prompt greedily and prints the ids.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    for (BackendState backend : KernelDispatcher.diagnose()) {
      System.out.println("backend " + backend.name() + " " + (backend.rejection() == null ? "ok" : backend.rejection().code()));
    }
    try (KernelDispatcher kernels = KernelDispatcher.create()) {
      kernels.device().notes().forEach(note -> System.out.println("note " + note));
      kernels.explain(RmsNorm.OP).get(DType.F32)
          .forEach(c -> System.out.println((c.chosen() ? "chosen " : "skipped ") + c.kernel() + ": " + c.reason()));
      System.out.println("fast " + run(kernels));
      if (args.length == 2) {
        System.out.println("ids " + generate(kernels, Path.of(args[0]), args[1]));
      }
      try (KernelDispatcher reproducible = kernels.reproducible()) {
        System.out.println("reproducible " + run(reproducible));
      }
    }
  }

  private static String generate(KernelDispatcher kernels, Path file, String prompt) {
    try (LlamaModel model = LlamaModel.load(kernels, file)) {
      return Arrays.toString(model.generate(prompt, GenerationOptions.greedy(200), text -> {}).ids());
    }
  }

  private static String run(KernelDispatcher kernels) {
    int n = 67;
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (i * 37 % 23 - 11) / 7f;
    }
    try (Buffer x = kernels.upload(values); Buffer y = kernels.allocate(DType.F32, n)) {
      kernels.rmsNorm(x, x, y, 1, n, 1e-5f);
      kernels.softmax(y, null, y, 1, n, 1f);
      StringBuilder bits = new StringBuilder();
      for (float value : kernels.readFloats(y)) {
        bits.append(HexFormat.of().toHexDigits(Float.floatToIntBits(value))).append(' ');
      }
      return bits.toString().strip();
    }
  }
}
