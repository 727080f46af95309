package io.gllm.kernels.metal;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.TunedTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The code of a device: the libraries, and a pipeline for each kernel that was launched, which is when Metal compiles it. Without the
 * portable kernels there is no device; without the tuned ones there is a reason.
 */
final class MetalModules implements TunedTable.Code {
  /** Lanes of a SIMD group, for which kernels are written. */
  static final int SIMD_WIDTH = 32;

  private record Library(Blob blob, long object) {}

  private final MetalCalls calls;
  private final long device;
  private final List<Library> libraries = new ArrayList<>();
  private final Map<String, Long> pipelines = new HashMap<>();
  private final Map<String, String> refused = new ConcurrentHashMap<>();

  private MetalModules(MetalCalls calls, long device) {
    this.calls = calls;
    this.device = device;
  }

  /**
   * Loads the libraries.
   *
   * @throws KernelException if the portable one was changed, or Metal refuses it
   */
  static MetalModules open(MetalCalls calls, long device, MetalBlobs blobs) {
    MetalModules modules = new MetalModules(calls, device);
    for (Blob blob : blobs.all()) {
      modules.load(blob, blobs.loader());
    }
    return modules;
  }

  private void load(Blob blob, Function<Blob, byte[]> loader) {
    long pool = calls.push();
    try {
      libraries.add(new Library(blob, calls.newLibrary(device, loader.apply(blob))));
    } catch (KernelException e) {
      if (libraries.isEmpty()) {
        throw e;
      }
      blob.entries().keySet().forEach(symbol -> refused.put(symbol, "Metal does not take its library: " + e.getMessage()));
    } finally {
      calls.pop(pool);
    }
  }

  /** What the kernels were built for. */
  String target() {
    return libraries.getFirst().blob().target();
  }

  private Library library(String symbol) {
    return libraries.stream().filter(library -> library.blob().entries().containsKey(symbol)).findFirst()
        .orElseThrow(() -> new KernelException("no kernel " + symbol + " for " + target()));
  }

  @Override
  public boolean has(String symbol) {
    return libraries.stream().anyMatch(library -> library.blob().entries().containsKey(symbol));
  }

  /**
   * The interface of a kernel.
   *
   * @throws KernelException if there is none of this name
   */
  KernelInterface kernel(String symbol) {
    return KernelInterface.of(library(symbol).blob().entry(symbol));
  }

  /** A portable kernel. */
  String first() {
    return libraries.getFirst().blob().entries().keySet().iterator().next();
  }

  /** For people: where kernels come from. */
  @Override
  public String code(String symbol) {
    return target() + ", compiled by Metal at first use";
  }

  /** All kernels, sorted. */
  Set<String> symbols() {
    Set<String> all = new TreeSet<>();
    libraries.forEach(library -> all.addAll(library.blob().entries().keySet()));
    return all;
  }

  /** Whether Metal compiles a kernel for this GPU; if not, {@link #refused} says why. */
  boolean compiles(String symbol) {
    try {
      pipeline(kernel(symbol));
      return true;
    } catch (KernelException e) {
      refused.put(symbol, e.getMessage());
      return false;
    }
  }

  /** Tuned kernels that cannot be used, and why. */
  Map<String, String> refused() {
    return refused;
  }

  /** The pipeline of a kernel, compiled if need be. */
  synchronized long pipeline(KernelInterface kernel) {
    Long known = pipelines.get(kernel.symbol());
    if (known != null) {
      return known;
    }
    long pool = calls.push();
    try {
      long pipeline = compile(kernel);
      pipelines.put(kernel.symbol(), pipeline);
      return pipeline;
    } finally {
      calls.pop(pool);
    }
  }

  private long compile(KernelInterface kernel) {
    long function = calls.newFunction(library(kernel.symbol()).object(), kernel.symbol());
    if (function == 0) {
      throw new KernelException("Metal finds no kernel " + kernel.symbol() + " in library " + target());
    }
    try {
      long pipeline = calls.newPipeline(device, function);
      try {
        check(kernel, pipeline);
        return pipeline;
      } catch (KernelException e) {
        calls.release(pipeline);
        throw e;
      }
    } catch (KernelException e) {
      throw new KernelException("kernel " + kernel.symbol() + ": " + e.getMessage(), e);
    } finally {
      calls.release(function);
    }
  }

  private void check(KernelInterface kernel, long pipeline) {
    long width = calls.simdWidth(pipeline);
    if (width != SIMD_WIDTH) {
      throw new KernelException("this GPU runs it with " + width + " lanes, it is written for " + SIMD_WIDTH);
    }
    long threads = calls.maxThreads(pipeline);
    if (threads < kernel.threads()) {
      throw new KernelException("this GPU runs it with at most " + threads + " threads, it needs " + kernel.threads());
    }
  }

  synchronized void close() {
    pipelines.values().forEach(calls::release);
    pipelines.clear();
    libraries.forEach(library -> calls.release(library.object()));
  }
}
