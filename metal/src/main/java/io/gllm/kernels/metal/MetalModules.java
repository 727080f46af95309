package io.gllm.kernels.metal;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.portable.KernelInterface;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The code of a device: one library, and a pipeline for each kernel that was launched, which is when Metal compiles it. */
final class MetalModules {
  /** Lanes of a SIMD group, for which kernels are written. */
  static final int SIMD_WIDTH = 32;

  private final MetalCalls calls;
  private final long device;
  private final Blob blob;
  private final long library;
  private final Map<String, Long> pipelines = new HashMap<>();

  private MetalModules(MetalCalls calls, long device, Blob blob, long library) {
    this.calls = calls;
    this.device = device;
    this.blob = blob;
    this.library = library;
  }

  /**
   * Loads the library.
   *
   * @throws KernelException if it was changed, or Metal refuses it
   */
  static MetalModules open(MetalCalls calls, long device, MetalBlobs blobs) {
    byte[] bytes = blobs.loader().apply(blobs.blob());
    long pool = calls.push();
    try {
      return new MetalModules(calls, device, blobs.blob(), calls.newLibrary(device, bytes));
    } finally {
      calls.pop(pool);
    }
  }

  /** What the kernels were built for. */
  String target() {
    return blob.target();
  }

  /**
   * The interface of a kernel.
   *
   * @throws KernelException if there is none of this name
   */
  KernelInterface kernel(String symbol) {
    return KernelInterface.of(blob.entry(symbol));
  }

  /** All kernels, sorted. */
  Set<String> symbols() {
    return new TreeSet<>(blob.entries().keySet());
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
    long function = calls.newFunction(library, kernel.symbol());
    if (function == 0) {
      throw new KernelException("Metal finds no kernel " + kernel.symbol() + " in library " + blob.target());
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
    calls.release(library);
  }
}
