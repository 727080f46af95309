package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.cpu.PackedLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The entries of the matrix products (gemm.h) and the tile they are made for. Addresses are of {@link GemmStep}s; ranges are counted in
 * panels of A, panels of B, rows or columns.
 */
final class GemmCode {
  /** About 50 microseconds at 100 GF/s. */
  private static final long BRIEF_FLOPS = 5_000_000;

  private final MemorySegment packA;
  private final MemorySegment packB;
  private final MemorySegment block;
  private final MemorySegment rows;
  private final MemorySegment columns;
  private final MemorySegment widen;
  private final MemorySegment runs;
  private final boolean multipliesPairs;
  private final long tileRows;
  private final long tileColumns;
  private final long runBlock;

  GemmCode(NativeTier tier) {
    MachineCode code = tier.code();
    multipliesPairs = tier.multipliesPairs();
    packA = code.entry("gemm_pack_a", "pll>v");
    packB = code.entry("gemm_pack_b", "pll>v");
    block = code.entry("gemm_block", "pllllp>v");
    rows = code.entry("gemm_rows", "pll>v");
    columns = code.entry("gemm_columns", "pll>v");
    widen = code.entry("gemm_widen", "plpl>v");
    runs = code.entry("gemm_runs", "plpl>v");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment shape = arena.allocate(32, 8);
      NativeCall.run(code.entry("gemm_shape", "p>v"), true, shape.address());
      tileRows = shape.getAtIndex(ValueLayout.JAVA_LONG, 0);
      tileColumns = shape.getAtIndex(ValueLayout.JAVA_LONG, 1);
      runBlock = shape.getAtIndex(ValueLayout.JAVA_LONG, 2) * shape.getAtIndex(ValueLayout.JAVA_LONG, 3);
    }
  }

  /** Whether products of bf16 by bf16 use an instruction of their own. */
  boolean multipliesPairs() {
    return multipliesPairs;
  }

  /** Rows of the largest tile. */
  long tileRows() {
    return tileRows;
  }

  /** Columns of a tile, so of a panel of B. */
  long tileColumns() {
    return tileColumns;
  }

  /** Panels that m rows are split into. */
  long rowPanels(long m) {
    return (m + tileRows - 1) / tileRows;
  }

  /** Panels that n columns are split into; the last is filled up with zeros. */
  long columnPanels(long n) {
    return (n + tileColumns - 1) / tileColumns;
  }

  /** The order of packed weights. */
  PackedLayout layout() {
    return switch ((int) tileColumns) {
      case 32 -> PackedLayout.PANELS_32;
      case 16 -> PackedLayout.PANELS_16;
      default -> PackedLayout.PANELS_12;
    };
  }

  /** Floats that a row of k elements takes for {@link #rows}, ordered or not. */
  long rowFloats(long k, boolean ordered) {
    return ordered ? (k + runBlock - 1) / runBlock * runBlock : k;
  }

  /** Prepares a row of A for ordered {@link #rows}, or, if not {@code inRuns}, for the others. */
  void prepareRow(boolean inRuns, long a, long type, long out, long k) {
    NativeCall.run(inRuns ? runs : widen, k * Float.BYTES <= NativeCall.BRIEF_BYTES, a, type, out, k);
  }

  void packA(GemmStep step, long from, long to) {
    NativeCall.run(packA, false, step.address(), from, to);
  }

  void packB(GemmStep step, long from, long to, boolean brief) {
    NativeCall.run(packB, brief, step.address(), from, to);
  }

  /** Panels of A times panels of B; {@code panel} is 0 if all of A is packed. */
  void block(GemmStep step, long fromRow, long toRow, long fromColumn, long toColumn, long panel, long depth) {
    long flops = 2 * (toRow - fromRow) * tileRows * (toColumn - fromColumn) * tileColumns * depth;
    NativeCall.run(block, flops <= BRIEF_FLOPS, step.address(), fromRow, toRow, fromColumn, toColumn, panel);
  }

  void rows(GemmStep step, long from, long to, long bytes) {
    NativeCall.run(rows, bytes <= NativeCall.BRIEF_BYTES, step.address(), from, to);
  }

  void columns(GemmStep step, long from, long to, long bytes) {
    NativeCall.run(columns, bytes <= NativeCall.BRIEF_BYTES, step.address(), from, to);
  }
}
