package io.gllm.kernels.cpu;

import java.lang.foreign.MemorySegment;

/**
 * A loop that reaches a limit of the machine.
 *
 * @param name what runs
 * @param work operations or bytes of all parts together
 * @param task the loop, split over the team
 */
public record CpuPeak(String name, double work, ThreadTeam.Task task) {
  /** Makes a loop. */
  @FunctionalInterface
  public interface Factory {
    /**
     * The loop for {@code threads} parts. Memory loops go through {@code from}, and write {@code to}: of equal size, a multiple of
     * 4096 bytes for each part, and aligned to 64 bytes. Both are empty for the others.
     */
    CpuPeak create(int threads, MemorySegment from, MemorySegment to);
  }
}
