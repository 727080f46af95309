package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.portable.KernelInterface;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Supplier;

/** The SPIR-V modules that come with the library: all in one blob, which is loaded and verified when the first one is asked for. */
final class KernelStore {
  static final String TARGET = "spv_1_5";
  private static final int MAGIC = 0x07230203;
  private static final int HEADER_BYTES = 20;
  private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Blob blob;
  private final Supplier<byte[]> loader;
  private byte[] bytes;

  /**
   * A store.
   *
   * @param blob what the manifest says
   * @param loader gives the blob's bytes; they are compared with the manifest
   */
  KernelStore(Blob blob, Supplier<byte[]> loader) {
    this.blob = blob;
    this.loader = loader;
  }

  /**
   * The blob on the class path.
   *
   * @throws KernelException if there is none
   */
  static KernelStore shipped() {
    BlobManifest manifest = BlobManifest.of("vulkan");
    Blob blob = manifest.blobs().get(TARGET);
    if (blob == null) {
      throw new KernelException("the manifest of the Vulkan blobs has no target " + TARGET);
    }
    return new KernelStore(blob, () -> manifest.load(blob));
  }

  /** The names of all kernels. */
  SortedSet<String> symbols() {
    return new TreeSet<>(blob.entries().keySet());
  }

  /**
   * The interface of a kernel.
   *
   * @throws KernelException if there is no such kernel
   */
  KernelInterface kernel(String symbol) {
    return KernelInterface.of(blob.entry(symbol));
  }

  /**
   * The SPIR-V of a kernel.
   *
   * @throws KernelException if the blob is not what the manifest says, or holds no SPIR-V there
   */
  synchronized MemorySegment code(KernelInterface kernel) {
    if (bytes == null) {
      byte[] loaded = loader.get();
      BlobManifest.verify(blob, loaded);
      bytes = loaded;
    }
    int size = kernel.bytes();
    if (size < HEADER_BYTES || size % 4 != 0 || kernel.offset() > bytes.length - size) {
      throw new KernelException(kernel.symbol() + " leaves its blob: " + size + " bytes at " + kernel.offset() + " of " + bytes.length);
    }
    MemorySegment code = MemorySegment.ofArray(bytes).asSlice(kernel.offset(), size).asReadOnly();
    if (code.get(WORD, 0) != MAGIC) {
      throw new KernelException(kernel.symbol() + " is no SPIR-V");
    }
    return code;
  }
}
