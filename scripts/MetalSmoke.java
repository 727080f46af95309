import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.SelfTestReport;
import io.gllm.kernels.model.GenerationOptions;
import io.gllm.kernels.model.GenerationResult;
import io.gllm.kernels.model.LlamaModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;

/**
 * The first run on a Mac with Apple silicon, ten minutes of its owner's time: macOS 13 or later, JDK 25.
 *
 * <pre>
 *   ./gllm doctor                                                              # builds, and says what it finds
 *   java --enable-native-access=ALL-UNNAMED -cp dispatcher/cli/target/gllm.jar scripts/MetalSmoke.java
 *   MTL_DEBUG_LAYER=1 MTL_SHADER_VALIDATION=1 java ... scripts/MetalSmoke.java # the same with Metal's own checks; slow
 * </pre>
 *
 * Expected are these lines, other numbers where it says N:
 *
 * <pre>
 *   1 device: Apple N, N GB
 *   2 kernels: N of N give their known answers
 *   3 operators: the bits of the CPU
 *   4 tuned kernels: simd_gemm_bt_f16_f16 right, simd_gemv_q8_0 right
 *   5 tokens: those of the CPU: ", a curious child named Mila lived near the hill. She found five apples. Then"
 *   6 recording: N replays, N bytes a token, N tokens/s
 *   7 GPU: N us a token by its own clock
 *   PASS
 * </pre>
 *
 * Please send the whole output with the versions of macOS and the chip; for FAIL, or if the process ends, also the newest files of
 * ~/Library/Logs/DiagnosticReports whose names begin with java or MTLCompilerService.
 */
public final class MetalSmoke {
  private static final String MODEL = "META-INF/gllm/models/tiny-q8_0.gguf";
  private static final int TOKENS = 24;

  private final PrintStream out;
  private boolean passed = true;

  private MetalSmoke(PrintStream out) {
    this.out = out;
  }

  /** Ends with 0 if everything is as expected. */
  public static void main(String[] args) throws IOException {
    System.out.println(System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch") + ", Java "
        + Runtime.version());
    Path model = Files.createTempFile("gllm", ".gguf");
    model.toFile().deleteOnExit();
    try (InputStream bundled = MetalSmoke.class.getClassLoader().getResourceAsStream(MODEL)) {
      Files.copy(bundled, model, StandardCopyOption.REPLACE_EXISTING);
      SelfTestReport tests;
      try (Device device = KernelDispatcher.builder().backend("metal").openDevice()) {
        tests = device.testKernels();
      }
      boolean passed;
      try (KernelDispatcher metal = KernelDispatcher.builder().backend("metal").create()) {
        passed = run(metal, tests, model, System.out);
      }
      System.exit(passed ? 0 : 1);
    } catch (BackendUnavailableException e) {
      System.out.println("FAIL: " + e.getMessage());
      System.exit(1);
    }
  }

  /** All steps. */
  public static boolean run(KernelDispatcher metal, SelfTestReport tests, Path model, PrintStream out) {
    MetalSmoke smoke = new MetalSmoke(out);
    out.printf("1 device: %s, %d GB%n", metal.device().name(), metal.device().memory() >> 30);
    smoke.check("2 kernels", tests.quarantined().isEmpty(), tests.passed() + " of " + (tests.passed() + tests.quarantined().size())
        + " give their known answers" + (tests.quarantined().isEmpty() ? "" : ", not " + tests.quarantined()));
    try (KernelDispatcher cpu = KernelDispatcher.builder().backend("cpu").create(); KernelDispatcher here = cpu.reproducible();
        KernelDispatcher there = metal.reproducible()) {
      smoke.check("3 operators", Arrays.equals(operators(here), operators(there)), "the bits of the CPU");
      smoke.tuned(metal);
      smoke.tokens(here, there, model);
    }
    out.println(smoke.passed ? "PASS" : "FAIL");
    return smoke.passed;
  }

  private void check(String step, boolean right, String what) {
    out.println(step + ": " + (right ? "" : "FAIL, expected: ") + what);
    passed &= right;
  }

  /** A norm, a product, a softmax, and a sum over everything. */
  private static float[] operators(KernelDispatcher kernels) {
    int rows = 5;
    int dim = 96;
    float[] values = new float[rows * dim];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(0.7 * i);
    }
    try (Buffer x = kernels.upload(values);
        Buffer weight = kernels.upload(Arrays.copyOf(values, dim));
        Buffer y = kernels.allocate(DType.F32, rows * dim);
        Buffer products = kernels.allocate(DType.F32, rows * rows);
        Buffer result = kernels.allocate(DType.F32, rows * rows)) {
      kernels.rmsNorm(x, weight, y, rows, dim, 1e-5f);
      kernels.gemmBt(y, x, products, rows, rows, dim);
      kernels.softmax(products, null, result, rows, rows, 0.5f);
      return kernels.readFloats(result);
    }
  }

  /** Two tuned kernels, a product of matrices and one of a row with weights in blocks, of small integers: exact in any order of sums. */
  private void tuned(KernelDispatcher metal) {
    int rows = 37;
    int dim = 96;
    float[] a = integers(rows * dim, 7);
    float[] b = integers(rows * dim, 5);
    float[] product = new float[rows * rows];
    for (int i = 0; i < product.length; i++) {
      for (int j = 0; j < dim; j++) {
        product[i] += a[i / rows * dim + j] * b[i % rows * dim + j];
      }
    }
    try (Buffer x = metal.upload(a); Buffer y = metal.upload(b); Buffer halfX = metal.allocate(DType.F16, a.length);
        Buffer halfY = metal.allocate(DType.F16, b.length); Buffer halfOut = metal.allocate(DType.F16, product.length);
        Buffer result = metal.allocate(DType.F32, product.length); Buffer blocks = metal.upload(blocks(b), QuantFormat.Q8_0)) {
      metal.cast(x, halfX, a.length);
      metal.cast(y, halfY, b.length);
      metal.gemmBt(halfX, halfY, halfOut, rows, rows, dim);
      metal.cast(halfOut, result, product.length);
      boolean gemm = Arrays.equals(product, metal.readFloats(result));
      metal.quantMatMul(blocks, x, result, 1, rows, dim);
      boolean gemv = Arrays.equals(product, 0, rows, metal.readFloats(result), 0, rows);
      Candidate first = metal.explain(MatMul.GEMM_BT).get(DType.F16).getFirst();
      Candidate second = metal.explain(QuantMatMul.OP).get(QuantFormat.Q8_0).getFirst();
      check("4 tuned kernels", gemm && gemv && first.chosen() && second.chosen(), state(first, gemm) + ", " + state(second, gemv));
    }
  }

  private static String state(Candidate candidate, boolean right) {
    return candidate.kernel() + (candidate.chosen() ? right ? " right" : " WRONG" : " NOT USED, " + candidate.reason());
  }

  private static float[] integers(int count, int step) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i * step % 9 - 4;
    }
    return values;
  }

  /** Whole numbers as Q8_0: a factor of one before 32 of them. */
  private static MemorySegment blocks(float[] values) {
    ByteBuffer blocks = ByteBuffer.allocate(values.length / 32 * 34).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      if (i % 32 == 0) {
        blocks.putShort(Float.floatToFloat16(1));
      }
      blocks.put((byte) values[i]);
    }
    return MemorySegment.ofArray(blocks.array());
  }

  private static long traffic(KernelDispatcher kernels, Runnable calls) {
    long before = kernels.transfers().deviceToHost() + kernels.transfers().hostToDevice();
    calls.run();
    return kernels.transfers().deviceToHost() + kernels.transfers().hostToDevice() - before;
  }

  private void tokens(KernelDispatcher here, KernelDispatcher there, Path model) {
    GenerationOptions options = GenerationOptions.greedy(TOKENS);
    String prompt = "Once upon a time";
    try (LlamaModel near = LlamaModel.load(here, model); LlamaModel far = LlamaModel.load(there, model)) {
      int[] expected = near.generate(prompt, options, piece -> {}).ids();
      far.generate(prompt, GenerationOptions.greedy(3), piece -> {}); // compiles kernels, and records
      long few = traffic(there, () -> far.generate(prompt, GenerationOptions.greedy(4), piece -> {}));
      long replays = there.launches().replays();
      long nanos = there.deviceNanos();
      GenerationResult[] result = new GenerationResult[1];
      long many = traffic(there, () -> result[0] = far.generate(prompt, options, piece -> {}));
      check("5 tokens", Arrays.equals(expected, result[0].ids()), "those of the CPU: \"" + result[0].text() + "\"");
      long bytes = (many - few) / (TOKENS - 4);
      check("6 recording", there.launches().replays() - replays == TOKENS - 1 && bytes <= 8,
          String.format("%d replays, %d bytes a token, %.0f tokens/s", there.launches().replays() - replays, bytes,
              TOKENS * 1e9 / result[0].decodeNanos()));
      long used = there.deviceNanos() - nanos;
      check("7 GPU", used > 0, used / TOKENS / 1000 + " us a token by its own clock");
    }
  }
}
