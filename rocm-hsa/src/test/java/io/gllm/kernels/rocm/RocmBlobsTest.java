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
  private static RocmBlobs.Choice choice(List<String> chips, String... targets) {
    StringBuilder manifest = new StringBuilder();
    for (String target : targets) {
      manifest.append("blob\t" + target + "\tkernels.bin\t1\t0\t\t0\tclang\n");
    }
    RocmBlobs blobs = new RocmBlobs(BlobManifest.parse("test", manifest.toString()).values(), _ -> new byte[1]);
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
    RocmBlobs.Choice choice = choice(List.of("gfx942", "gfx9-4-generic"), "gfx90a", "gfx942");
    assertEquals("gfx942", choice.blob().target());
    assertEquals(List.of(), choice.notes());
    assertEquals(0, stamped(choice));
  }

  @Test
  void aSiblingRunsTheCodeUnderItsOwnNumber() {
    RocmBlobs.Choice choice = choice(List.of("gfx1034"), "gfx1030", "gfx1100");
    assertEquals("gfx1030", choice.blob().target());
    assertEquals(List.of("kernels are those for gfx1030, which gfx1034 runs too"), choice.notes());
    assertEquals(0x3e, stamped(choice));
    assertEquals(0x12c, stamped(choice(List.of("gfx900"), "gfx906")));
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
    KernelException e = assertThrows(KernelException.class, () -> choice(List.of("gfx803"), "gfx942", "gfx1100"));
    assertEquals("no kernels for AMD Test (gfx803, 1.0 GiB) among [gfx1100, gfx942]", e.getMessage());
  }
}
