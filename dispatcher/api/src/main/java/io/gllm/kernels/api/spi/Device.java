package io.gllm.kernels.api.spi;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/** An open device: memory and queues. Thread-safe. */
public interface Device extends AutoCloseable {
  /** What was opened. */
  DeviceInfo info();

  /** Whether kernels read and write host memory directly, so that host buffers are used in place. */
  boolean usesHostMemory();

  /**
   * Memory filled with zeros, aligned to at least 64 bytes.
   *
   * @throws io.gllm.kernels.api.DeviceMemoryException if the device cannot provide it
   */
  DeviceMemory allocate(long bytes);

  /**
   * Host memory as memory of this device, without a copy, until it is closed; the host keeps the segment alive and unchanged as long.
   * Null if the device has memory of its own, or cannot take this segment, for example because of where its pages begin.
   */
  default DeviceMemory share(MemorySegment bytes) {
    return null;
  }

  /** Bytes allocated and not yet closed. */
  long memoryInUse();

  /** An in-order queue whose kernels keep the promises of {@code numerics}. */
  Queue openQueue(Numerics numerics);

  /** Every kernel that was considered for an operator and element type, best first, with the outcome. */
  List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics);

  /**
   * A loop that reaches a limit of this device, for benchmarks.
   *
   * @param bytes size of each buffer that memory loops go through: far above the caches for the speed of memory, less for that
   *     of a cache; without meaning for the others
   * @return the loop, or null if the device has none of this kind
   */
  default PeakProbe openPeak(PeakKind kind, long bytes) {
    return null;
  }

  /**
   * Launches every kernel once on known data, instead of each before its first use, for a diagnosis. A device whose kernels are not
   * tested that way says that none passed.
   */
  default SelfTestReport testKernels() {
    return new SelfTestReport(0, Map.of());
  }

  /** Waits for all queues, then frees all memory. Closing twice is harmless. */
  @Override
  void close();
}
