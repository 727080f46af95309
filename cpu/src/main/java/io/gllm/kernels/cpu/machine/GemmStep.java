package io.gllm.kernels.cpu.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The argument of the gemm entries: gemm_t of gemm.h, fields of eight bytes. One for each thread, changed from step to step. */
final class GemmStep {
  private static final int A = 0;
  private static final int B = 3;
  private static final int M = 7;
  private static final int N = 8;
  private static final int K = 9;
  private static final int A_PANELS = 10;
  private static final int B_PANELS = 11;
  private static final int SUMS = 14;
  private static final int OUT = 16;
  private static final int BIAS = 19;
  private static final int ACTIVATION = 20;
  private static final int ADD = 22;
  private static final int PAIRS = 24;
  private static final int PLACE = 25;
  private static final int FIELDS = 26;

  private final MemorySegment fields = Arena.ofAuto().allocate(FIELDS * 8L, 64);

  static GemmStep[] forThreads(int count) {
    GemmStep[] all = new GemmStep[count];
    for (int i = 0; i < count; i++) {
      all[i] = new GemmStep();
    }
    return all;
  }

  long address() {
    return fields.address();
  }

  private GemmStep put(int field, long value) {
    fields.setAtIndex(ValueLayout.JAVA_LONG, field, value);
    return this;
  }

  /** Types, strides in elements and modes, which stay for all steps of a product. */
  GemmStep product(GemmProduct p) {
    put(A + 1, p.aType()).put(A + 2, p.k()).put(B + 1, p.bType()).put(B + 2, p.byRows() ? p.k() : p.n()).put(B + 3, p.byRows() ? 1 : 0);
    put(OUT + 1, p.cType()).put(OUT + 2, p.n()).put(ACTIVATION, p.activation()).put(ACTIVATION + 1, p.ordered() ? 1 : 0);
    put(PAIRS, p.pairs() ? 1 : 0);
    return this;
  }

  /** Rows, columns and depth of this step. */
  GemmStep size(long m, long n, long k) {
    return put(M, m).put(N, n).put(K, k);
  }

  /** First elements of A and B. */
  GemmStep operands(long a, long b) {
    return put(A, a).put(B, b);
  }

  /** Packed A, or prepared rows of it. */
  GemmStep packedA(long panels) {
    return put(A_PANELS, panels);
  }

  /** Packed B: type, and bytes from one panel to the next; 0 if all use the same memory in turn. */
  GemmStep packedB(long panels, long type, long bytes) {
    return put(B_PANELS, panels).put(B_PANELS + 1, type).put(B_PANELS + 2, bytes);
  }

  /** Where f32 sums lie, or 0 if they are needed for one pass only; elements of a row. */
  GemmStep sums(long address, long stride) {
    return put(SUMS, address).put(SUMS + 1, stride);
  }

  /** Room for the sums of one panel of packed weights, which passes in pieces then; 0: it passes in one. */
  GemmStep place(long address) {
    return put(PLACE, address);
  }

  /** First element of the output, and bias of its first column or 0. */
  GemmStep output(long c, long bias) {
    return put(OUT, c).put(BIAS, bias);
  }

  /** Whether the pass adds to the sums, and whether it finishes them into the output. */
  GemmStep pass(boolean add, boolean finish) {
    return put(ADD, add ? 1 : 0).put(ADD + 1, finish ? 1 : 0);
  }
}
