package io.gllm.kernels.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.Ops;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.PortableTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed device code itself, portable and tuned: complete, no older than its text, with the interface that the manifest says, nothing spilled. */
class PortableBlobsTest {
  private static final Path SOURCES = Path.of("..", "..", "kernels-bin", "src", "main");
  private static final Path RESOURCES = SOURCES.resolve(Path.of("resources", "META-INF", "gllm"));
  private static final long BUDGET = 20_000_000;

  /** Where the text of tuned kernels is; that for Metal includes the portable one. */
  private static final Map<String, Path> TUNED = Map.of("cuda-tuned", Path.of("..", "..", "cuda", "src", "main", "cuda"), "metal-tuned",
      Path.of("..", "..", "metal", "src", "main", "air"), "rocm-tuned", Path.of("..", "..", "rocm-hsa", "src", "main", "hip"));

  private record Target(String backend, BlobManifest manifest, Blob blob) {
    String title() {
      return backend + " " + blob.target();
    }

    List<KernelInterface> kernels() {
      return blob.entries().values().stream().map(KernelInterface::of).toList();
    }

    /** What the code says about kernels of the manifest. A code object has all of them, so it is read once. */
    Function<KernelInterface, CodeInterface> reader() {
      byte[] code = manifest.load(blob);
      if (backend.startsWith("rocm")) {
        Map<String, CodeInterface> all = HsacoTest.read(blob, code);
        return kernel -> all.getOrDefault(kernel.symbol(), new CodeInterface("", 0, 0, 0, 0, Set.of("not there")));
      }
      return kernel -> read(blob.target(), Arrays.copyOfRange(code, kernel.offset(), kernel.offset() + kernel.bytes()));
    }

    /** Tuned kernels fuse products and sums by name, which gives the same bits on every GPU, but not the portable ones. */
    boolean mayHave(String difference) {
      return TUNED.containsKey(backend) && difference.equals("fma.rn.f32");
    }

    static CodeInterface read(String target, byte[] module) {
      return target.startsWith("spv")
          ? SpirvModule.read(module)
          : target.startsWith("ptx") ? PtxText.read(module) : Cubin.read(module, target);
    }
  }

  /** Those of the portable kernels; the table of the tuned ones is tested by their backend. */
  private static Stream<Target> targets() {
    return Stream.of("vulkan", "cuda", "rocm", "metal").flatMap(PortableBlobsTest::targets);
  }

  private static Stream<Target> allTargets() {
    return Stream.concat(targets(), TUNED.keySet().stream().sorted().flatMap(PortableBlobsTest::targets));
  }

  private static Stream<Target> targets(String backend) {
    BlobManifest manifest = BlobManifest.of(backend);
    return manifest.blobs().values().stream().map(blob -> new Target(backend, manifest, blob));
  }

  @TestFactory
  Stream<DynamicTest> everyOperatorAndTypeIsThere() {
    return targets().map(target -> DynamicTest.dynamicTest(target.blob().target(), () -> {
      TreeSet<String> holes = new TreeSet<>();
      for (Op<?> op : Ops.all()) {
        for (ElementType type : op.types()) {
          List<String> symbols = PortableTable.symbols(op, type);
          if (symbols.isEmpty()) {
            holes.add(op + " " + type.label());
          }
          symbols.stream().filter(symbol -> !target.blob().entries().containsKey(symbol)).forEach(holes::add);
        }
      }
      assertEquals(List.of(), List.copyOf(holes));
    }));
  }

  @TestFactory
  Stream<DynamicTest> noKernelIsWithoutAnOperator() {
    TreeSet<String> used = new TreeSet<>();
    Ops.all().forEach(op -> op.types().forEach(type -> used.addAll(PortableTable.symbols(op, type))));
    return targets().map(target -> DynamicTest.dynamicTest(target.blob().target(), () -> {
      TreeSet<String> unused = new TreeSet<>(target.blob().entries().keySet());
      unused.removeAll(used);
      assertEquals(List.of(), List.copyOf(unused));
    }));
  }

  /** Modules that say what they are themselves; {@link MetallibTest} has Metal's, MetalExecutorTest their interfaces. */
  @TestFactory
  Stream<DynamicTest> codeHasTheInterfaceOfTheManifest() {
    return allTargets().filter(target -> !target.blob().target().startsWith("macos"))
        .map(target -> DynamicTest.dynamicTest(target.title(), () -> {
          Function<KernelInterface, CodeInterface> code = target.reader();
          List<String> wrong = new ArrayList<>();
          for (KernelInterface kernel : target.kernels()) {
            code.apply(kernel).differences(kernel).stream().filter(difference -> !target.mayHave(difference))
                .forEach(difference -> wrong.add(kernel.symbol() + ": " + difference));
          }
          assertEquals(List.of(), wrong);
        }));
  }

  @TestFactory
  Stream<DynamicTest> blobsAreNoOlderThanTheirSources() {
    return allTargets().map(target -> DynamicTest.dynamicTest(target.title(),
        () -> assertEquals(sourceHash(target.backend()), target.blob().sourceSha256(),
            "run scripts/build-kernels and commit what it writes")));
  }

  /** As source_hash in scripts/build-kernels. */
  private static String sourceHash(String backend) throws IOException {
    List<Path> roots = new ArrayList<>();
    if (TUNED.containsKey(backend)) {
      roots.add(TUNED.get(backend));
    }
    boolean alone = backend.equals("cuda-tuned") || backend.equals("rocm-tuned");
    if (!alone) {
      roots.addAll(List.of(SOURCES.resolve("gk"), SOURCES.resolve("portable")));
    }
    Map<String, Path> named = new TreeMap<>();
    for (Path root : roots) {
      try (Stream<Path> files = Files.walk(root)) {
        Path base = alone ? root : root.getParent();
        files.filter(Files::isRegularFile).forEach(file -> named.put(base.relativize(file).toString().replace('\\', '/'), file));
      }
    }
    StringBuilder lines = new StringBuilder();
    for (Map.Entry<String, Path> file : named.entrySet()) {
      lines.append(BlobManifest.sha256(Files.readAllBytes(file.getValue()))).append("  ").append(file.getKey()).append('\n');
    }
    return BlobManifest.sha256(lines.toString().getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void allBlobsFitTheBudgetOfTheJar() throws IOException {
    long compressed = 0;
    try (Stream<Path> files = Files.walk(RESOURCES)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        compressed += deflated(Files.readAllBytes(file));
      }
    }
    assertTrue(compressed < BUDGET, compressed + " bytes");
  }

  private static long deflated(byte[] bytes) {
    Deflater deflater = new Deflater();
    deflater.setInput(bytes);
    deflater.finish();
    byte[] chunk = new byte[1 << 16];
    while (!deflater.finished()) {
      deflater.deflate(chunk);
    }
    long size = deflater.getBytesWritten();
    deflater.end();
    return size;
  }

  @ParameterizedTest
  @ValueSource(strings = {"spv_1_5", "ptx_80", "sm_80", "sm_90", "sm_120"})
  void aDamagedModuleIsNoticed(String name) {
    Target target = targets().filter(t -> t.blob().target().equals(name)).findFirst().orElseThrow();
    KernelInterface kernel = KernelInterface.of(target.blob().entry("silu_f16"));
    byte[] blob = target.manifest().load(target.blob());
    byte[] module = Arrays.copyOfRange(blob, kernel.offset(), kernel.offset() + kernel.bytes());
    assertEquals(List.of(), Target.read(name, module).differences(kernel));
    KernelInterface more = new KernelInterface(kernel.symbol(), kernel.offset(), kernel.bytes(), kernel.threads() * 2, -1024,
        kernel.buffers().subList(0, 1), List.of());
    assertEquals(4, Target.read(name, module).differences(more).size());
    module[0] ^= 1;
    assertNotEquals(List.of(), Target.read(name, Arrays.copyOf(module, module.length / 2)).differences(kernel));
  }
}
