package io.gllm.kernels.portable;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.portable.KernelInterface;
import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The checked host build of the portable kernels: the same texts as C++, whose every access is checked for bounds, uninitialised
 * reads, races and divergent barriers. Built once for each run of the tests, by scripts/build-kernels.
 */
final class HostLibrary {
  private static final Path SCRIPT = Path.of("..", "..", "scripts", "build-kernels");
  private static final Path FOLDER = Path.of("target", "host-kernels");
  private static final List<String> TOOLS = List.of("clang++-19", "clang-19", "python3");
  private static HostLibrary instance;

  private final MethodHandle launch;
  private final Map<String, KernelInterface> kernels = new HashMap<>();

  private HostLibrary(Path folder) {
    AddressLayout address = ValueLayout.ADDRESS;
    launch = Linker.nativeLinker().downcallHandle(
        SymbolLookup.libraryLookup(folder.resolve("kernels.so").toAbsolutePath(), Arena.global()).findOrThrow("gk_launch"),
        FunctionDescriptor.of(address, address, address, address, address, ValueLayout.JAVA_INT, address, ValueLayout.JAVA_INT));
    try {
      BlobManifest.parse("host/", Files.readString(folder.resolve("manifest.tsv"))).get("host").entries()
          .forEach((symbol, entry) -> kernels.put(symbol, KernelInterface.of(entry)));
    } catch (IOException e) {
      throw new KernelException("no manifest", e);
    }
  }

  /** Builds it at the first call; skips the test where the compiler is missing, unless this machine must have it. */
  static synchronized HostLibrary get() {
    List<String> missing = TOOLS.stream().filter(tool -> !onPath(tool)).toList();
    if (!missing.isEmpty()) {
      String reason = "the checked host build needs " + missing + "; scripts/install-blob-toolchain installs them";
      Assertions.assertFalse(System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("clang-19"), reason);
      Assumptions.abort(reason);
    }
    if (instance == null) {
      build();
      instance = new HostLibrary(FOLDER);
    }
    return instance;
  }

  private static boolean onPath(String tool) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
  }

  private static void build() {
    try {
      Files.createDirectories(FOLDER);
      Process process = new ProcessBuilder(SCRIPT.toString(), "--host", FOLDER.toString()).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes());
      Assertions.assertEquals(0, process.waitFor(), output);
    } catch (IOException | InterruptedException e) {
      throw new KernelException("the checked host build failed", e);
    }
  }

  KernelInterface kernel(String symbol) {
    KernelInterface kernel = kernels.get(symbol);
    if (kernel == null) {
      throw new KernelException("no kernel " + symbol + " in kernels.list");
    }
    return kernel;
  }

  /** Runs all groups of a launch; returns what was wrong, or null. */
  String launch(MemorySegment name, MemorySegment grid, MemorySegment words, MemorySegment counts, int buffers, MemorySegment parameters,
      int order) {
    try {
      MemorySegment error = (MemorySegment) launch.invokeExact(name, grid, words, counts, buffers, parameters, order);
      return error.address() == 0 ? null : error.reinterpret(1000).getString(0);
    } catch (Throwable e) {
      throw new KernelException("the call failed", e);
    }
  }
}
