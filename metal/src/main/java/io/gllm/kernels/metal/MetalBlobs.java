package io.gllm.kernels.metal;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.util.List;
import java.util.function.Function;

/**
 * The compiled kernels of this version, for macOS 13 and later: a library of portable ones, and one of tuned ones.
 *
 * @param all the libraries, the portable one first
 * @param loader the verified bytes of a library
 */
record MetalBlobs(List<Blob> all, Function<Blob, byte[]> loader) {
  private static final String TARGET = "macos13";

  /**
   * Those on the class path.
   *
   * @throws KernelException if there are none
   */
  static MetalBlobs onClassPath() {
    BlobManifest portable = BlobManifest.of("metal");
    BlobManifest tuned = BlobManifest.of("metal-tuned");
    Blob first = blob("metal", portable);
    return new MetalBlobs(List.of(first, blob("metal-tuned", tuned)), blob -> (blob.equals(first) ? portable : tuned).load(blob));
  }

  private static Blob blob(String name, BlobManifest manifest) {
    Blob blob = manifest.blobs().get(TARGET);
    if (blob == null) {
      throw new KernelException("the manifest of " + name + " has no blob " + TARGET);
    }
    return blob;
  }
}
