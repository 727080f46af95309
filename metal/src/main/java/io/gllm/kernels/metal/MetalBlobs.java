package io.gllm.kernels.metal;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.util.function.Function;

/**
 * The compiled kernels of this version: one library for macOS 13 and later.
 *
 * @param blob its description
 * @param loader the verified bytes of a blob
 */
record MetalBlobs(Blob blob, Function<Blob, byte[]> loader) {
  private static final String TARGET = "macos13";

  /**
   * The one on the class path.
   *
   * @throws KernelException if there is none
   */
  static MetalBlobs onClassPath() {
    BlobManifest manifest = BlobManifest.of("metal");
    Blob blob = manifest.blobs().get(TARGET);
    if (blob == null) {
      throw new KernelException("the manifest of metal has no blob " + TARGET);
    }
    return new MetalBlobs(blob, manifest::load);
  }
}
