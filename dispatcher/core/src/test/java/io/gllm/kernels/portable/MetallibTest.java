package io.gllm.kernels.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.portable.KernelInterface;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed metallibs, read by a reader of its own: whole, hashed, and with the kernels that the manifests list. */
class MetallibTest {
  private static final BlobManifest MANIFEST = BlobManifest.of("metal");
  private static final Blob BLOB = MANIFEST.blobs().get("macos13");

  @ParameterizedTest
  @ValueSource(strings = {"metal", "metal-tuned"})
  void itIsWholeAndHasTheKernelsOfTheManifest(String backend) {
    BlobManifest manifest = BlobManifest.of(backend);
    Blob blob = manifest.blobs().get("macos13");
    Metallib library = Metallib.read(manifest.load(blob));
    assertEquals(Set.of(), library.faults());
    List<String> listed = new ArrayList<>();
    List<String> there = new ArrayList<>();
    blob.entries().values().stream().map(KernelInterface::of)
        .forEach(kernel -> listed.add(kernel.symbol() + " " + kernel.bytes() + " bytes at " + kernel.offset()));
    library.modules().forEach((name, module) -> there.add(name + " " + module.bytes() + " bytes at " + module.offset()));
    assertEquals(String.join("\n", new TreeSet<>(listed)), String.join("\n", new TreeSet<>(there)));
  }

  /** One byte of the header, of the first function's tags or of its module is another; each must be noticed, as what it is. */
  @ParameterizedTest
  @CsvSource({"0, no metallib", "4, not an executable for macOS", "12, for macOS 12", "16, its header says", "24, broken",
    "32, the list of functions ends elsewhere", "40, sections do not follow", "64, sections do not follow", "80, sections do not follow",
    "88, the list of functions ends elsewhere", "92, a group of tags ends elsewhere", "96, broken: a function has only the tags",
    "116, exp_f32 is no kernel", "123, exp_f32 has another hash", "161, exp_f32 has a module of", "175, exp_f32 has metadata",
    "205, exp_f32 is not of AIR 2.5", "33075, exp_f32 is no wrapped bitcode", "33600, exp_f32 has another hash"})
  void aDamagedFileIsNoticed(int at, String fault) {
    byte[] bytes = MANIFEST.load(BLOB);
    bytes[at] ^= 1;
    Set<String> faults = Metallib.read(bytes).faults();
    assertTrue(faults.stream().anyMatch(f -> f.startsWith(fault)), faults + " instead of " + fault);
  }

  @Test
  void aFileCutShortIsNoticed() {
    byte[] bytes = MANIFEST.load(BLOB);
    for (int length : new int[]{0, 50, 88, 1000, 33_000, bytes.length - 16}) {
      assertTrue(!Metallib.read(Arrays.copyOf(bytes, length)).faults().isEmpty(), length + " bytes");
    }
  }
}
