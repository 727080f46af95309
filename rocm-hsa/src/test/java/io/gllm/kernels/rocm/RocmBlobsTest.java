package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.BlobManifest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which code a GPU runs: that of its chip, or that of a sibling under its own number. */
class RocmBlobsTest {
  private static RocmBlobs.Choice choice(List<String> chips, String... needs) {
    StringBuilder manifest = new StringBuilder();
    for (String need : needs) {
      manifest.append("blob\t" + need.split("=")[0] + "\tkernels.bin\t1\t0\t" + need + "\t0\tclang\n");
    }
    return choice(chips, new RocmBlobs(BlobManifest.parse("test", manifest.toString()).values(), _ -> new byte[1]));
  }

  private static RocmBlobs.Choice choice(List<String> chips, RocmBlobs blobs) {
    return blobs.choose(new RocmGpu(0, 1, "AMD Test", chips, 1L << 30, 1024, 1, 1, 1, 1));
  }

  @ParameterizedTest
  @CsvSource({"amdgcn-amd-amdhsa--gfx942:sramecc+:xnack-,gfx942", "amdgcn-amd-amdhsa--gfx9-4-generic:xnack+,gfx9-4-generic",
    "amdgcn-amd-amdhsa--gfx1100,gfx1100", "gfx906,gfx906"})
  void theFeaturesOfAnInstructionSetAreLeftOut(String isa, String chip) {
    assertEquals(chip, RocmGpu.chip(isa));
  }

  @Test
  void codeOfTheSameChipIsTaken() {
    RocmBlobs.Choice choice = choice(List.of("gfx942", "gfx9-4-generic"), "gfx90a=53f", "gfx942=54c");
    assertEquals("gfx942", choice.blob().target());
    assertEquals(List.of(), choice.notes());
    assertEquals(0x54c, stamped(choice));
  }

  @Test
  void aSiblingRunsTheCodeUnderItsOwnNumber() {
    RocmBlobs.Choice choice = choice(List.of("gfx1034"), "gfx1030=36,gfx1034=3e", "gfx1100=41");
    assertEquals("gfx1030", choice.blob().target());
    assertEquals(List.of("kernels are those for gfx1030, which gfx1034 runs too"), choice.notes());
    assertEquals(0x3e, stamped(choice));
  }

  /** EF_AMDGPU_MACH and the features left open, as LLVM 19 writes them. */
  @ParameterizedTest
  @CsvSource({"gfx900,gfx906,12c", "gfx906,gfx906,52f", "gfx908,gfx908,530", "gfx90c,gfx906,132", "gfx90a,gfx90a,53f", "gfx942,gfx942,54c",
    "gfx1030,gfx1030,36", "gfx1031,gfx1030,37", "gfx1032,gfx1030,38", "gfx1033,gfx1030,39", "gfx1034,gfx1030,3e", "gfx1035,gfx1030,3d",
    "gfx1036,gfx1030,45", "gfx1100,gfx1100,41", "gfx1101,gfx1101,46", "gfx1102,gfx1102,47", "gfx1103,gfx1103,44", "gfx1150,gfx1150,43",
    "gfx1151,gfx1151,4a", "gfx1152,gfx1150,55", "gfx1200,gfx1201,48", "gfx1201,gfx1201,4e"})
  void theJarHasCodeFor(String chip, String target, String flags) {
    RocmBlobs.Choice choice = choice(List.of(chip), RocmBlobs.onClassPath());
    assertEquals(target, choice.blob().target());
    assertEquals(Integer.parseInt(flags, 16), stamped(choice));
  }

  private static int stamped(RocmBlobs.Choice choice) {
    MemorySegment image = Arena.ofAuto().allocate(64, 8);
    choice.stamp(image);
    int stamp = image.get(ValueLayout.JAVA_INT, 48);
    image.set(ValueLayout.JAVA_INT, 48, 0);
    byte[] bytes = image.toArray(ValueLayout.JAVA_BYTE);
    assertEquals(-1, Arrays.mismatch(new byte[64], bytes), "other bytes changed");
    return stamp;
  }

  @Test
  void otherwiseTheChipAndTheCodeThereIsAreNamed() {
    KernelException e = assertThrows(KernelException.class, () -> choice(List.of("gfx803"), "gfx942=54c", "gfx1150=43,gfx1152=55"));
    assertEquals("no kernels for AMD Test (gfx803, 1.0 GiB) among [gfx1150, gfx1152, gfx942]", e.getMessage());
  }

  @Test
  void aManifestWithoutTheNumberOfAChipIsRefused() {
    KernelException e = assertThrows(KernelException.class, () -> choice(List.of("gfx942"), "gfx942=mi300"));
    assertEquals("the manifest of the ROCm kernels says gfx942=mi300, which is no chip with its number", e.getMessage());
    assertThrows(KernelException.class, () -> choice(List.of("gfx942"), "gfx942"));
  }
}
