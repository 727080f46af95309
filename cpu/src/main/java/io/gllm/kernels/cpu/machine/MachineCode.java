package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import java.lang.foreign.MemorySegment;

/** A verified blob of machine code, mapped executable for the life of the process. */
public final class MachineCode {
  private final Blob blob;
  private final MemorySegment code;

  private MachineCode(Blob blob, MemorySegment code) {
    this.blob = blob;
    this.code = code;
  }

  /**
   * Verifies and maps the blob of a target.
   *
   * @throws KernelException if it is missing or damaged, or the system refuses executable memory
   */
  static MachineCode map(BlobManifest manifest, String target) {
    Blob blob = manifest.blobs().get(target);
    if (blob == null) {
      throw new KernelException("there is no machine code for " + target);
    }
    return new MachineCode(blob, ExecutableMemory.ofThisSystem().map(manifest.load(blob)));
  }

  /** What is mapped. */
  public Blob blob() {
    return blob;
  }

  /**
   * The address of an entry point, for {@link NativeCall}.
   *
   * @param signature what the caller will pass, in the letters of the manifest; checked, since a wrong call would crash
   * @throws KernelException if there is no such entry
   */
  public MemorySegment entry(String symbol, String signature) {
    Blob.Entry entry = blob.entry(symbol);
    if (!entry.signature().equals(signature)) {
      throw new KernelException("entry " + symbol + " has signature " + entry.signature() + ", expected " + signature);
    }
    return MemorySegment.ofAddress(code.address() + entry.offset());
  }
}
