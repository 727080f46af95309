package io.gllm.kernels.rocm;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.TunedTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The code of a device. A code object holds many kernels and is loaded when the first of them is launched. */
final class RocmModules implements TunedTable.Code {
  /** Where a code object is; the hash names the blob. */
  private record Place(String sha256, int offset) {}

  private static final int ARGUMENT_BYTES = 11;
  private static final int GROUP_BYTES = 13;
  private static final int PRIVATE_BYTES = 14;
  private static final int KERNEL_OBJECT = 22;
  private static final int PAGE = 4096;

  private final HsaCalls calls;
  private final RocmGpu gpu;
  private final RocmBlobs blobs;
  private final RocmBlobs.Choice choice;
  private final Arena images = Arena.ofShared(); // the runtime may look into a code object as long as it is loaded
  private final Map<Place, Long> executables = new HashMap<>();
  private final Map<String, byte[]> code = new HashMap<>();

  RocmModules(HsaCalls calls, RocmGpu gpu, RocmBlobs blobs, RocmBlobs.Choice choice) {
    this.calls = calls;
    this.gpu = gpu;
    this.blobs = blobs;
    this.choice = choice;
  }

  /** The blob that a kernel comes from: that of the portable ones unless it is tuned. */
  private Blob blob(String symbol) {
    return isTuned(symbol) ? choice.tuned() : choice.blob();
  }

  private boolean isTuned(String symbol) {
    return choice.tuned() != null && choice.tuned().entries().containsKey(symbol);
  }

  /** The chip that the code of a kernel was compiled for. */
  @Override
  public String code(String symbol) {
    return blob(symbol).target();
  }

  @Override
  public boolean has(String symbol) {
    return blob(symbol).entries().containsKey(symbol);
  }

  /**
   * The interface of a kernel.
   *
   * @throws KernelException if there is no code of it
   */
  KernelInterface kernel(String symbol) {
    return KernelInterface.of(blob(symbol).entry(symbol));
  }

  /** All kernels, sorted. */
  Set<String> symbols() {
    Set<String> symbols = new TreeSet<>(choice.blob().entries().keySet());
    if (choice.tuned() != null) {
      symbols.addAll(choice.tuned().entries().keySet());
    }
    return symbols;
  }

  /** The code of a kernel, loaded if need be. */
  synchronized RocmKernel load(KernelInterface kernel) {
    Blob blob = blob(kernel.symbol());
    Place place = new Place(blob.sha256(), kernel.offset());
    Long executable = executables.get(place);
    if (executable == null) {
      executable = calls.load(gpu.agent(), image(blob, kernel));
      executables.put(place, executable);
    }
    long symbol = calls.symbol(executable, kernel.symbol() + ".kd", gpu.agent());
    long bytes = calls.symbolNumber(symbol, ARGUMENT_BYTES);
    int expected = RocmLaunch.argumentBytes(kernel);
    if (bytes < expected || bytes >= expected + Long.BYTES) { // a struct may end in padding
      throw new KernelException(kernel.symbol() + " takes " + bytes + " bytes of arguments, its manifest says " + expected);
    }
    return new RocmKernel(calls.symbolNumber(symbol, KERNEL_OBJECT), (int) calls.symbolNumber(symbol, GROUP_BYTES),
        (int) calls.symbolNumber(symbol, PRIVATE_BYTES));
  }

  private MemorySegment image(Blob blob, KernelInterface kernel) {
    byte[] all = code.computeIfAbsent(blob.sha256(), _ -> blobs.loader().apply(blob));
    if (kernel.bytes() <= 0 || kernel.bytes() > all.length - kernel.offset()) {
      throw new KernelException(
          kernel.symbol() + " leaves blob " + blob.target() + ": " + kernel.bytes() + " bytes at " + kernel.offset());
    }
    MemorySegment image = images.allocate(kernel.bytes(), PAGE);
    MemorySegment.copy(all, kernel.offset(), image, ValueLayout.JAVA_BYTE, 0, kernel.bytes());
    choice.stamp(image);
    return image;
  }

  synchronized void close(Closing closing) {
    executables.values().forEach(executable -> closing.step(() -> calls.destroyExecutable(executable)));
    executables.clear();
    images.close();
  }
}
