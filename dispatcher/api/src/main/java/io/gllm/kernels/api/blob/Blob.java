package io.gllm.kernels.api.blob;

import io.gllm.kernels.api.KernelException;
import java.util.List;
import java.util.Map;

/**
 * One precompiled blob as its manifest describes it.
 *
 * @param target what it was built for, for example {@code sysv-x86_64-avx512}
 * @param path its path relative to the manifest
 * @param bytes its size
 * @param sha256 SHA-256 of its bytes
 * @param needs features that a device must have
 * @param sourceSha256 SHA-256 over the sources it was built from
 * @param tool compiler and version
 * @param entries entry points by symbol
 */
public record Blob(
    String target,
    String path,
    int bytes,
    String sha256,
    List<String> needs,
    String sourceSha256,
    String tool,
    Map<String, Entry> entries) {
  /** Copies the collections. */
  public Blob {
    needs = List.copyOf(needs);
    entries = Map.copyOf(entries);
  }

  /**
   * An entry point.
   *
   * @param symbol its name
   * @param offset its offset in the blob
   * @param signature its parameters and result, in the letters of the backend
   */
  public record Entry(String symbol, int offset, String signature) {}

  /**
   * The entry point called {@code symbol}.
   *
   * @throws KernelException if there is none
   */
  public Entry entry(String symbol) {
    Entry entry = entries.get(symbol);
    if (entry == null) {
      throw new KernelException("blob " + target + " has no entry " + symbol);
    }
    return entry;
  }

  Blob with(Map<String, Entry> all) {
    return new Blob(target, path, bytes, sha256, needs, sourceSha256, tool, all);
  }
}
