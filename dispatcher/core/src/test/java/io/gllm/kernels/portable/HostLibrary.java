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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The checked host build of the portable kernels: the same texts as C++, whose every access is checked for bounds, uninitialised
 * reads, races and divergent barriers. Built by scripts/build-kernels, which keeps what was built of the same sources.
 */
final class HostLibrary {
  private static final Path SCRIPT = Path.of("..", "..", "scripts", "build-kernels");
  private static final Path SOURCES = Path.of("..", "..", "kernels-bin", "src", "main");
  private static final Path FOLDER = Path.of("target", "host-kernels");
  private static final List<String> TOOLS = List.of("clang++-19", "clang-19", "python3");
  private static HostLibrary instance;

  private final MethodHandle launch;
  private final Map<String, KernelInterface> kernels;

  private HostLibrary(Path folder, Map<String, KernelInterface> kernels) {
    AddressLayout address = ValueLayout.ADDRESS;
    launch = Linker.nativeLinker().downcallHandle(
        SymbolLookup.libraryLookup(folder.resolve("kernels.so").toAbsolutePath(), Arena.global()).findOrThrow("gk_launch"),
        FunctionDescriptor.of(address, address, address, address, address, ValueLayout.JAVA_INT, address, ValueLayout.JAVA_INT));
    this.kernels = kernels;
  }

  private static Map<String, KernelInterface> interfaces() {
    try {
      Map<String, KernelInterface> kernels = new HashMap<>();
      BlobManifest.parse("host/", Files.readString(FOLDER.resolve("manifest.tsv"))).get("host").entries()
          .forEach((symbol, entry) -> kernels.put(symbol, KernelInterface.of(entry)));
      return kernels;
    } catch (IOException e) {
      throw new KernelException("no manifest", e);
    }
  }

  /** All kernels, built at the first call. */
  static synchronized HostLibrary get() {
    requireTools();
    if (instance == null) {
      build();
      instance = new HostLibrary(FOLDER, interfaces());
    }
    return instance;
  }

  /**
   * Some kernels of texts in which a mistake is planted, run as those of {@link #get()} are.
   *
   * @param sources a {@link #link} of the texts, with the mistake; the library will be there too
   * @param kernels their names, separated by commas
   */
  record Planted(Path sources, String kernels) {
    HostLibrary open() {
      return new HostLibrary(sources, get().kernels);
    }
  }

  /** Builds libraries together: an own process for each would start as long as it compiles. */
  static void build(List<Planted> all) throws IOException {
    requireTools();
    Path list = Files.createTempFile("planted", ".txt");
    try {
      Files.write(list, all.stream().map(p -> p.sources + " " + p.kernels).toList());
      build("--planted", list.toString());
    } finally {
      Files.delete(list);
    }
  }

  /** A folder under target with links to all texts: the compiler takes what it knows of a file that it has seen in another place. */
  static Path link(String name) throws IOException {
    Path folder = Path.of("target", "planted", name).toAbsolutePath();
    for (String part : List.of("gk", "portable")) {
      try (Stream<Path> files = Files.walk(SOURCES.resolve(part))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Path link = folder.resolve(SOURCES.relativize(file));
          Files.createDirectories(link.getParent());
          Files.deleteIfExists(link);
          Files.createLink(link, file);
        }
      }
    }
    return folder;
  }

  /** Replaces text of a file under a {@link #link}. */
  static void plant(Path file, String text, String mistake) throws IOException {
    String before = Files.readString(file);
    Assertions.assertEquals(2, before.split(Pattern.quote(text), -1).length, "found once: " + text);
    Files.delete(file);
    Files.writeString(file, before.replace(text, mistake));
  }

  /** Skips the test where the compiler is missing, unless this machine must have it. */
  private static void requireTools() {
    List<String> missing = TOOLS.stream().filter(tool -> !onPath(tool)).toList();
    if (!missing.isEmpty()) {
      String reason = "the checked host build needs " + missing + "; scripts/install-blob-toolchain installs them";
      Assertions.assertFalse(System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("clang-19"), reason);
      Assumptions.abort(reason);
    }
  }

  private static boolean onPath(String tool) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":")).anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
  }

  private static void build(String... options) {
    List<String> command = new ArrayList<>(List.of(SCRIPT.toString(), "--host", FOLDER.toString()));
    command.addAll(List.of(options));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      Assertions.assertEquals(0, process.waitFor(), output);
    } catch (IOException | InterruptedException e) {
      throw new KernelException("the checked host build failed", e);
    }
  }

  Set<String> symbols() {
    return kernels.keySet();
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
