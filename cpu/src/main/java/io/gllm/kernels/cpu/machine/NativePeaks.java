package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.cpu.CpuPeak;
import io.gllm.kernels.cpu.CpuTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;

/** Limits of the machine as the loops of probe.c and the tile of the f32 matrix product reach them. */
final class NativePeaks {
  /** Chains of dependent operations in probe.c. */
  private static final int CHAINS = 12;
  private static final long ITERATIONS = 1 << 16;

  /** The k of a pass of the matrix product, which 56 KB of A and 128 KB of B go through in AVX-512. */
  private static final long TILE_K = 1024;
  private static final int TILE_CALLS = 64;

  private final MachineCode code;
  private final long rows;
  private final long columns;
  private final long lanes;

  private NativePeaks(MachineCode code) {
    this.code = code;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment shape = arena.allocate(4 * Long.BYTES, Long.BYTES);
      NativeCall.run(code.entry("gemm_shape", "p>v"), true, shape.address());
      rows = shape.getAtIndex(ValueLayout.JAVA_LONG, 0);
      columns = shape.getAtIndex(ValueLayout.JAVA_LONG, 1);
      lanes = shape.getAtIndex(ValueLayout.JAVA_LONG, 3);
    }
  }

  static void fill(CpuTable table, NativeTier tier) {
    NativePeaks peaks = new NativePeaks(tier.code());
    table.add(PeakKind.FMA_F32, (threads, from, to) -> peaks.registers("probe_fma", "l>f", 2 * peaks.lanes, threads));
    table.add(PeakKind.DOT_I8, (threads, from, to) -> peaks.registers("probe_dot8", "l>l", 8 * peaks.lanes, threads));
    if (tier.multipliesPairs()) {
      table.add(PeakKind.DOT_BF16, (threads, from, to) -> peaks.registers("probe_dot16", "l>f", 4 * peaks.lanes, threads));
    }
    table.add(PeakKind.GEMM_TILE, (threads, from, to) -> peaks.tile(threads));
    table.add(PeakKind.READ, (threads, from, to) -> peaks.read(from));
    table.add(PeakKind.COPY, (threads, from, to) -> peaks.copy("probe_copy", from, to));
    table.add(PeakKind.STREAM_COPY, (threads, from, to) -> peaks.copy("probe_copy_stream", from, to));
  }

  private String name(String symbol) {
    return symbol + " " + code.blob().target();
  }

  private CpuPeak registers(String symbol, String signature, long operations, int threads) {
    MemorySegment entry = code.entry(symbol, signature);
    double work = (double) operations * CHAINS * ITERATIONS * threads;
    return new CpuPeak(name(symbol), work, (part, parts) -> NativeCall.run(entry, false, ITERATIONS));
  }

  private CpuPeak read(MemorySegment from) {
    MemorySegment entry = code.entry("probe_read", "pl>f");
    return new CpuPeak(name("probe_read"), from.byteSize(), (part, parts) -> {
      long bytes = from.byteSize() / parts;
      NativeCall.run(entry, bytes <= NativeCall.BRIEF_BYTES, from.address() + part * bytes, bytes / Float.BYTES);
    });
  }

  private CpuPeak copy(String symbol, MemorySegment from, MemorySegment to) {
    MemorySegment entry = code.entry(symbol, "ppl>v");
    return new CpuPeak(name(symbol), 2.0 * from.byteSize(), (part, parts) -> {
      long bytes = from.byteSize() / parts;
      boolean brief = 2 * bytes <= NativeCall.BRIEF_BYTES;
      NativeCall.run(entry, brief, from.address() + part * bytes, to.address() + part * bytes, bytes / Float.BYTES);
    });
  }

  private CpuPeak tile(int threads) {
    MemorySegment entry = code.entry("gemm_block", "pllllp>v");
    Tile[] tiles = Stream.generate(this::tileOfZeros).limit(threads).toArray(Tile[]::new);
    double work = 2.0 * rows * columns * TILE_K * TILE_CALLS * threads;
    return new CpuPeak("gemm_block, one tile, " + code.blob().target(), work, (part, parts) -> {
      for (int i = 0; i < TILE_CALLS; i++) {
        NativeCall.run(entry, true, tiles[part].step.address(), 0, 1, 0, 1, 0);
      }
    });
  }

  /** A step over one f32 tile, and the operands that must live as long. */
  private record Tile(GemmStep step, MemorySegment operands) {}

  /** Arithmetic takes the same time for all numbers. */
  private Tile tileOfZeros() {
    long bytesOfA = rows * TILE_K * Float.BYTES;
    long bytesOfB = columns * TILE_K * Float.BYTES;
    MemorySegment operands = Arena.ofAuto().allocate(bytesOfA + bytesOfB + rows * columns * Float.BYTES, 64);
    long a = operands.address();
    long c = a + bytesOfA + bytesOfB;
    GemmStep step = new GemmStep().size(rows, columns, TILE_K).packedA(a).packedB(a + bytesOfA, 0, bytesOfB);
    return new Tile(step.sums(c, columns).output(c, 0), operands);
  }
}
