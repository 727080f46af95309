package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.portable.KernelInterface;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A mistake in the shipped PTX of a tuned kernel.
 *
 * @param symbol the kernel
 * @param pattern what is replaced wherever it stands, a regular expression
 * @param mistake what stands there instead
 */
record PlantedMistake(String symbol, Pattern pattern, String mistake) {
  static PlantedMistake in(String symbol, String pattern, String mistake) {
    return new PlantedMistake(symbol, Pattern.compile(pattern), mistake);
  }

  /** The shipped code with the mistake; its text is filled up to the size that the manifest says. */
  CudaBlobs blobs() {
    CudaBlobs shipped = CudaBlobs.onClassPath();
    Blob tuned = BlobManifest.of("cuda-tuned").blobs().get("ptx_80");
    return new CudaBlobs(shipped.all(),
        blob -> blob.equals(tuned) ? plant(shipped.loader().apply(blob), tuned) : shipped.loader().apply(blob));
  }

  private byte[] plant(byte[] blob, Blob tuned) {
    KernelInterface kernel = KernelInterface.of(tuned.entry(symbol));
    int length = kernel.bytes() - 1;
    String text = new String(blob, kernel.offset(), length, StandardCharsets.US_ASCII);
    Matcher found = pattern.matcher(text);
    assertTrue(found.find(), () -> "found in " + symbol + ": " + pattern);
    byte[] planted = found.replaceAll(mistake).getBytes(StandardCharsets.US_ASCII);
    assertTrue(planted.length <= length, "no longer than before");
    byte[] filled = Arrays.copyOf(planted, length);
    Arrays.fill(filled, planted.length, length, (byte) '\n');
    System.arraycopy(filled, 0, blob, kernel.offset(), length);
    assertEquals(0, blob[kernel.offset() + length]);
    return blob;
  }

  @Override
  public String toString() {
    return symbol + ": " + pattern + " -> " + mistake;
  }
}
