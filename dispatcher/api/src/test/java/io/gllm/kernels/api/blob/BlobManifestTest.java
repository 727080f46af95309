package io.gllm.kernels.api.blob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The manifest: what it accepts, and that no changed blob passes. */
class BlobManifestTest {
  private static final byte[] CODE = {1, 2, 3, 4};
  private static final String HEAD = "blob\tt1\tt1/kernels.bin\t4\t" + BlobManifest.sha256(CODE) + "\tavx2,fma\tabc\tclang\n";

  @Test
  void readsBlobsAndEntries() {
    Map<String, Blob> blobs = BlobManifest.parse("x/", "# comment\n\n" + HEAD + "entry\tt1\tadd_f32\t2\tpppl>v\n");
    Blob blob = blobs.get("t1");
    assertEquals(4, blob.bytes());
    assertEquals(2, blob.needs().size());
    assertEquals(new Blob.Entry("add_f32", 2, "pppl>v"), blob.entry("add_f32"));
    assertThrows(KernelException.class, () -> blob.entry("sub_f32"));
    BlobManifest.verify(blob, CODE);
  }

  @Test
  void aBlobThatDiffersInAnyBitOrInLengthIsRefused() {
    Blob blob = BlobManifest.parse("x/", HEAD).get("t1");
    for (int bit = 0; bit < 8 * CODE.length; bit++) {
      byte[] changed = CODE.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertThrows(KernelException.class, () -> BlobManifest.verify(blob, changed));
    }
    var e = assertThrows(KernelException.class, () -> BlobManifest.verify(blob, new byte[]{1, 2, 3}));
    assertTrue(e.getMessage().contains("3 bytes"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"blob\tt1\tp\t4\n", "entry\tt1\ts\t0\tv\n", "blub\n", "blob\tt1\tp\tx\ts\t\ta\tb\n"})
  void aLineThatIsWrongIsNamed(String text) {
    var e = assertThrows(KernelException.class, () -> BlobManifest.parse("x/", "# first\n" + text));
    assertTrue(e.getMessage().contains("line 2"), e.getMessage());
  }

  @Test
  void offsetsOutsideTheBlobAndDuplicatesAreRefused() {
    assertThrows(KernelException.class, () -> BlobManifest.parse("x/", HEAD + "entry\tt1\ts\t4\tv\n"));
    assertThrows(KernelException.class, () -> BlobManifest.parse("x/", HEAD + "entry\tt1\ts\t-1\tv\n"));
    assertThrows(KernelException.class, () -> BlobManifest.parse("x/", HEAD + HEAD));
    assertThrows(KernelException.class, () -> BlobManifest.parse("x/", HEAD + "entry\tt1\ts\t0\tv\nentry\tt1\ts\t1\tv\n"));
  }

  @Test
  void aMissingManifestSaysWhatIsMissing() {
    var e = assertThrows(KernelException.class, () -> BlobManifest.of("abacus"));
    assertTrue(e.getMessage().contains("gllm-kernels-bin"), e.getMessage());
  }
}
