package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which code a GPU runs: that of its architecture, or of an earlier one of the same generation, or PTX. */
class CudaBlobsTest {
  private static final int CUDA_12 = 12020;
  private static final int CUDA_13 = 13000;

  private static List<String> chosen(int sm, int driver, String... targets) {
    return choice(sm, driver, targets).blobs().stream().map(Blob::target).toList();
  }

  private static List<String> notes(int sm, int driver, String... targets) {
    return choice(sm, driver, targets).notes();
  }

  /** A target may be followed by what it needs. */
  private static CudaBlobs.Choice choice(int sm, int driver, String... targets) {
    StringBuilder manifest = new StringBuilder();
    for (String target : targets) {
      String[] words = target.split(" ");
      String need = words.length == 1 ? "cuda-11.0" : words[1];
      manifest.append("blob\t" + words[0] + "\tkernels.bin\t1\t0\t" + need + "\t0\tnvcc\n");
    }
    CudaBlobs blobs = new CudaBlobs(BlobManifest.parse("test", manifest.toString()).values(), _ -> new byte[1]);
    return blobs.choose(new CudaGpu(0, "GPU", sm / 10, sm % 10, 1 << 30, driver, false));
  }

  @Test
  void codeOfTheSameArchitectureIsBest() {
    assertEquals(List.of("sm_89", "sm_86", "sm_80", "ptx_80"), chosen(89, CUDA_12, "ptx_80", "sm_80", "sm_89", "sm_86", "sm_90"));
    assertEquals(List.of(), notes(89, CUDA_12, "ptx_80", "sm_80", "sm_89"));
  }

  @Test
  void codeOfAnEarlierArchitectureOfTheSameGenerationRuns() {
    assertEquals(List.of("sm_86", "ptx_80"), chosen(87, CUDA_12, "ptx_80", "sm_86", "sm_89", "sm_90"));
    assertEquals(List.of("kernels are those for sm_86, which sm_87 runs as they are"), notes(87, CUDA_12, "ptx_80", "sm_86"));
  }

  @Test
  void elseTheDriverCompilesPtxAndSaysSo() {
    assertEquals(List.of("ptx_90", "ptx_80"), chosen(103, CUDA_13, "ptx_80", "ptx_90", "ptx_120", "sm_90", "sm_120"));
    assertEquals(List.of("no machine code for sm_103: the driver compiles PTX for sm_103 at first use"), notes(103, CUDA_13, "ptx_80"));
  }

  @Test
  void codeForOneArchitectureAloneRunsOnNoOther() {
    assertEquals(List.of("sm_90a", "sm_90"), chosen(90, CUDA_12, "sm_90", "sm_90a"));
    assertEquals(List.of("sm_90"), chosen(91, CUDA_12, "sm_90", "sm_90a"));
  }

  @Test
  void codeThatNeedsALaterDriverIsSkippedWithTheReason() {
    assertEquals(List.of("sm_120", "ptx_80"), chosen(120, CUDA_13, "ptx_80", "sm_120 cuda-13.0"));
    assertEquals(List.of("ptx_80"), chosen(120, CUDA_12, "ptx_80", "sm_120 cuda-13.0"));
    assertEquals("machine code sm_120 is skipped: it needs a driver for CUDA 13.0, this one is for CUDA 12.2",
        notes(120, CUDA_12, "ptx_80", "sm_120 cuda-13.0").getFirst());
    assertTrue(notes(80, CUDA_12, "ptx_80", "sm_80 magic").getFirst().contains("it needs magic"));
  }

  @Test
  void withoutAnyTheReasonsAreToldTogether() {
    KernelException e = assertThrows(KernelException.class, () -> chosen(80, CUDA_12, "sm_90", "sm_80 cuda-13.0", "text"));
    assertTrue(e.getMessage().contains("[sm_80, sm_90, text]"), e.getMessage());
    assertTrue(e.getMessage().contains("cuda-13.0") || e.getMessage().contains("CUDA 13.0"), e.getMessage());
  }
}
