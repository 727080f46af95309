package io.gllm.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The committed machine code belongs to the committed sources: a stale blob fails here, without a compiler. */
class CommittedBlobsTest {
  private static final Path ASM = Path.of("src", "main", "asm");

  @TestFactory
  Stream<DynamicTest> blobsAreNoOlderThanTheirSources() {
    BlobManifest manifest = BlobManifest.of("cpu");
    return manifest.blobs().values().stream().map(blob -> DynamicTest.dynamicTest(blob.target(), () -> {
      manifest.load(blob);
      assertEquals(blob.sourceSha256(), sourceHash(blob), "run scripts/build-cpu-blobs and commit what it writes");
    }));
  }

  /** As source_hash in scripts/build-cpu-blobs: the SHA-256 of the lines that sha256sum prints. */
  private static String sourceHash(Blob blob) throws IOException {
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.walk(ASM)) {
      files.filter(Files::isRegularFile).map(file -> ASM.relativize(file).toString().replace('\\', '/'))
          .filter(name -> name.endsWith(".h") || name.equals("flat.ld") || isSource(name, blob.target())).forEach(names::add);
    }
    names.sort(null);
    StringBuilder lines = new StringBuilder();
    for (String name : names) {
      lines.append(BlobManifest.sha256(Files.readAllBytes(ASM.resolve(name)))).append("  ").append(name).append('\n');
    }
    return BlobManifest.sha256(lines.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static boolean isSource(String name, String target) {
    String level = target.substring(target.lastIndexOf('-') + 1);
    boolean base = name.contains("_base.");
    if (!name.endsWith(".c") && !name.endsWith(".S") || name.indexOf('/') != name.lastIndexOf('/')) {
      return false;
    }
    if (level.equals("base")) {
      return base && name.startsWith("x86_64/") && name.endsWith(".c");
    }
    boolean belongs = name.startsWith("common/") || name.startsWith(level.equals("neon") ? "aarch64/" : "x86_64/");
    boolean other = Stream.of("avx2", "avx512", "neon").anyMatch(l -> !l.equals(level) && name.contains("_" + l + "."));
    return belongs && !base && !other;
  }
}
