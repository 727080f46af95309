package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.cpu.CpuPeak;
import io.gllm.kernels.cpu.CpuTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Limits of the machine as plain Java loops reach them: a stand-in where machine code cannot be used, and named as such. */
final class JavaPeaks {
  private static final int CHAINS = 1024;
  private static final int ROUNDS = 4096;

  /** Takes the results, so that the loops are not optimised away. */
  private static volatile long sink;

  private JavaPeaks() {}

  static void fill(CpuTable table) {
    table.add(PeakKind.FMA_F32, (threads, from, to) -> fma(threads));
    table.add(PeakKind.READ, JavaPeaks::read);
    table.add(PeakKind.COPY, JavaPeaks::copy);
  }

  private static CpuPeak fma(int threads) {
    float[][] chains = new float[threads][CHAINS];
    return new CpuPeak("Java loop", 2.0 * CHAINS * ROUNDS * threads, (part, parts) -> multiplyAdd(chains[part]));
  }

  private static void multiplyAdd(float[] chains) {
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < CHAINS; i++) {
        chains[i] = Math.fma(chains[i], 0.5f, 0.25f);
      }
    }
  }

  private static CpuPeak read(int threads, MemorySegment from, MemorySegment to) {
    return new CpuPeak("Java loop", from.byteSize(), (part, parts) -> sink = sum(slice(from, part, parts)));
  }

  private static long sum(MemorySegment memory) {
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    for (long at = 0; at < memory.byteSize(); at += 32) {
      a += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      b += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at + 8);
      c += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at + 16);
      d += memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at + 24);
    }
    return a + b + c + d;
  }

  private static CpuPeak copy(int threads, MemorySegment from, MemorySegment to) {
    return new CpuPeak("Java loop", 2.0 * from.byteSize(), (part, parts) -> slice(to, part, parts).copyFrom(slice(from, part, parts)));
  }

  private static MemorySegment slice(MemorySegment memory, int part, int parts) {
    long size = memory.byteSize() / parts;
    return memory.asSlice(part * size, size);
  }
}
