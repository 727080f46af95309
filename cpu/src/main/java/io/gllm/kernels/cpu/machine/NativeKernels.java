package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.cpu.CpuContext;
import java.lang.foreign.MemorySegment;

/**
 * What native kernels are made from.
 *
 * @param code the mapped blob
 * @param streamBytes from this size on an output goes around the caches: the size of the last-level cache
 * @param prefetchBytes how far ahead of their use quantised weights are prefetched
 * @param packsTernaries whether ternary weights are packed three in five bits
 */
record NativeKernels(MachineCode code, long streamBytes, long prefetchBytes, boolean packsTernaries) {
  /** Zen 5 reads at 95 % of its bandwidth with 8 KB, 51 % without; Zen 4 at 96 % with 512 bytes, 53 % beyond its 4 KB pages. */
  private static final long FAR = 8192;
  private static final long NEAR = 512;

  static NativeKernels of(NativeTier tier) {
    long prefetch = tier.features().names().contains(CpuFeatures.ZEN_4) ? NEAR : FAR;
    return new NativeKernels(tier.code(), tier.features().lastLevelCache(), prefetch, tier.packsTernaries());
  }

  /** Elements per step of a division of a vector: parts start at whole cache lines in every type. */
  private static final long STEP = 64;

  /** Floats of the longest rows that are streamed: several of them stay in L2 between the passes over them, and sums stay short. */
  private static final long LONGEST_ROW = 1 << 16;

  /** Whether f32 rows go around the caches. */
  boolean streamsRows(long rows, long cols) {
    return cols <= LONGEST_ROW && rows * cols * Float.BYTES > streamBytes;
  }

  /** The entry {@code <stem>_<type>}. */
  MemorySegment entry(String stem, ElementType type, String signature) {
    return code.entry(stem + "_" + type.label(), signature);
  }

  /** The entry {@code <stem>_f32_stream}. */
  MemorySegment stream(String stem, String signature) {
    return code.entry(stem + "_f32_stream", signature);
  }

  /** Start of part {@code part} of n elements; the end is the start of the next. */
  static long start(long n, int part, int parts) {
    return Math.min(n, CpuContext.start((n + STEP - 1) / STEP, part, parts) * STEP);
  }

  /** Bytes moved, as work for {@link CpuContext#run}: machine code is worth a team from 256 KB on. */
  static long work(long bytes) {
    return bytes / 4;
  }
}
