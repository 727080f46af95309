package io.gllm.kernels.metal;

import io.gllm.kernels.api.KernelException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * Executes the bitcode of the shipped metallib on this machine, compiled by scripts/kernels/metal-executor: the threads of a group as
 * fibers, every access checked, divergent barriers and races in threadgroup memory reported.
 */
final class MetalExecutor {
  private static final Path ROOT = root();
  private static final Path SCRIPT = ROOT.resolve("scripts").resolve("kernels").resolve("metal-executor");
  private static final Path FOLDER = ROOT.resolve("metal").resolve("target").resolve("metal-executor");
  private static final List<String> TOOLS = List.of("clang-14", "llc-14", "llvm-dis-14", "python3");
  private static MetalExecutor instance;

  private final SymbolLookup library;
  private final MethodHandle error;
  private final List<String> interfaces;
  private final Map<String, MethodHandle> kernels = new ConcurrentHashMap<>();

  private MetalExecutor(Path folder) {
    library = SymbolLookup.libraryLookup(folder.resolve("kernels.so").toAbsolutePath(), Arena.global());
    error = Linker.nativeLinker().downcallHandle(library.findOrThrow("gllm_error"), FunctionDescriptor.of(ValueLayout.ADDRESS));
    try {
      interfaces = Files.readAllLines(folder.resolve("interfaces.tsv"));
    } catch (IOException e) {
      throw new KernelException("no interfaces", e);
    }
  }

  /** The folder of the repository: tests run in that of their module. */
  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("mvnw")) && folder.getParent() != null) {
      folder = folder.getParent();
    }
    return folder;
  }

  /** All kernels, compiled at the first call. */
  static synchronized MetalExecutor open() {
    if (instance == null) {
      instance = build(FOLDER);
    }
    return instance;
  }

  /** One kernel with a mistake planted into its IR: {@code wrong} in place of {@code right}. */
  static MetalExecutor open(Path folder, String kernel, String right, String wrong) {
    return build(folder, "--only", kernel, "--edit", right, wrong);
  }

  /** One kernel with a mistake planted into its IR: {@code wrong}, which may name groups, in place of whatever {@code pattern} matches. */
  static MetalExecutor openWith(Path folder, String kernel, String pattern, String wrong) {
    return build(folder, "--only", kernel, "--pattern", "--edit", pattern, wrong);
  }

  /** Skips the test where the compiler is missing or the processor another one, unless this machine must run it. */
  private static void requireTools() {
    List<String> missing = new ArrayList<>(TOOLS.stream().filter(tool -> !onPath(tool)).toList());
    if (!System.getProperty("os.name").equals("Linux") || !System.getProperty("os.arch").equals("amd64")) {
      missing.add("Linux on x86-64");
    }
    if (!missing.isEmpty()) {
      String reason = "executing the metallib needs " + missing + "; scripts/install-blob-toolchain installs the tools";
      Assertions.assertFalse(System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("clang-14"), reason);
      Assumptions.abort(reason);
    }
  }

  private static boolean onPath(String tool) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
  }

  private static MetalExecutor build(Path folder, String... options) {
    requireTools();
    List<String> command = new ArrayList<>(List.of(SCRIPT.toString(), folder.toString()));
    command.addAll(List.of(options));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new KernelException(output);
      }
    } catch (IOException | InterruptedException e) {
      throw new KernelException("compiling the metallib for this machine failed", e);
    }
    return new MetalExecutor(folder);
  }

  /** What the modules' metadata says: a kernel's name, its buffers, bytes of parameters and of threadgroup memory, by tabulators. */
  List<String> interfaces() {
    return interfaces;
  }

  /**
   * Runs all groups of a launch.
   *
   * @param buffers what is bound to buffer indexes 0, 1, ...; each as long as a kernel may go
   * @param parameters what is bound to the next index
   * @throws KernelException if the kernel did what it must not, saying what and in which thread
   */
  synchronized void run(String symbol, List<MemorySegment> buffers, MemorySegment parameters, int gx, int gy, int gz, int threads) {
    MethodHandle kernel = kernels.computeIfAbsent(symbol, this::kernel);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment addresses = arena.allocate(ValueLayout.ADDRESS, buffers.size() + 1L);
      MemorySegment sizes = arena.allocate(ValueLayout.JAVA_LONG, buffers.size() + 1L);
      for (int i = 0; i < buffers.size(); i++) {
        addresses.setAtIndex(ValueLayout.ADDRESS, i, buffers.get(i));
        sizes.setAtIndex(ValueLayout.JAVA_LONG, i, buffers.get(i).byteSize());
      }
      if ((int) kernel.invokeExact(addresses, sizes, parameters, gx, gy, gz, threads) != 0) {
        throw new KernelException(symbol + ": " + ((MemorySegment) error.invokeExact()).reinterpret(1000).getString(0));
      }
    } catch (KernelException e) {
      throw e;
    } catch (Throwable e) {
      throw new KernelException("the call failed", e);
    }
  }

  private MethodHandle kernel(String symbol) {
    return library.find("gllm_run_" + symbol)
        .map(address -> Linker.nativeLinker().downcallHandle(address,
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)))
        .orElseThrow(() -> new KernelException("no kernel " + symbol + " in the metallib"));
  }
}
