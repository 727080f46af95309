package io.gllm.kernels.cuda;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.TunedTable;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;

/**
 * The code of a device. A module holds the kernels of one source file and is loaded when the first of them is launched: a driver
 * that has to compile PTX then compiles only what is used.
 */
final class CudaModules implements TunedTable.Code {
  /** Where a module is; the hash names the blob. */
  private record Place(String sha256, int offset) {}

  private final CudaCalls calls;
  private final CudaBlobs.Choice choice;
  private final CudaBlobs blobs;
  private final Map<String, byte[]> images = new HashMap<>();
  private final Map<Place, CUmodule> modules = new HashMap<>();

  CudaModules(CudaCalls calls, CudaBlobs blobs, CudaBlobs.Choice choice) {
    this.calls = calls;
    this.blobs = blobs;
    this.choice = choice;
  }

  /**
   * The interface of a kernel.
   *
   * @throws KernelException if no blob has it
   */
  KernelInterface kernel(String symbol) {
    return KernelInterface.of(blob(symbol).entry(symbol));
  }

  /** The blob that a kernel comes from. */
  Blob blob(String symbol) {
    for (Blob blob : choice.blobs()) {
      if (blob.entries().containsKey(symbol)) {
        return blob;
      }
    }
    throw new KernelException("no kernel " + symbol + " in " + targets());
  }

  /** For people: the code that a kernel comes from. */
  @Override
  public String code(String symbol) {
    String target = blob(symbol).target();
    return target.startsWith("ptx") ? target + ", compiled by the driver at first use" : target;
  }

  @Override
  public boolean has(String symbol) {
    return choice.blobs().stream().anyMatch(blob -> blob.entries().containsKey(symbol));
  }

  /** All kernels, sorted. */
  Set<String> symbols() {
    Set<String> symbols = new TreeSet<>();
    choice.blobs().forEach(blob -> symbols.addAll(blob.entries().keySet()));
    return symbols;
  }

  private List<String> targets() {
    return choice.blobs().stream().map(Blob::target).toList();
  }

  /** The code of a kernel, loaded if need be; the context is current. */
  synchronized CUfunction function(KernelInterface kernel) {
    Blob blob = blob(kernel.symbol());
    Place place = new Place(blob.sha256(), kernel.offset());
    CUmodule module = modules.get(place);
    if (module == null) {
      try (Arena arena = Arena.ofConfined()) {
        module = calls.load(arena.allocateFrom(ValueLayout.JAVA_BYTE, image(blob, kernel)).asByteBuffer());
      }
      modules.put(place, module);
    }
    return calls.function(module, kernel.symbol());
  }

  private byte[] image(Blob blob, KernelInterface kernel) {
    byte[] all = images.computeIfAbsent(blob.sha256(), _ -> blobs.loader().apply(blob));
    if (kernel.bytes() <= 0 || kernel.bytes() > all.length - kernel.offset()) {
      throw new KernelException(kernel.symbol() + " leaves blob " + blob.target() + ": " + kernel.bytes() + " bytes at " + kernel.offset());
    }
    byte[] image = Arrays.copyOfRange(all, kernel.offset(), kernel.offset() + kernel.bytes());
    boolean elf = image[0] == 0x7f;
    if (!elf && image[image.length - 1] != 0) { // the driver would read on
      throw new KernelException("the text of " + kernel.symbol() + " in blob " + blob.target() + " does not end in a zero byte");
    }
    return image;
  }

  synchronized void close(Closing closing) {
    modules.values().forEach(module -> closing.step(() -> calls.unload(module)));
    modules.clear();
    images.clear();
  }
}
