package io.gllm.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Where buffers and scratch memory come from: zeros, aligned to 64 bytes, freed with the arena. */
@FunctionalInterface
public interface MemorySource {
  /** Alignment of every allocation. */
  long ALIGNMENT = 64;

  /** What every JVM can give. */
  MemorySource PLAIN = (arena, bytes) -> arena.allocate(Math.max(bytes, 1), ALIGNMENT).asSlice(0, bytes);

  /**
   * Zeroed memory that lives as long as {@code arena}.
   *
   * @throws OutOfMemoryError if there is not enough
   */
  MemorySegment allocate(Arena arena, long bytes);
}
