package io.gllm.kernels.cpu.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The argument of {@code quant_matmul_<format>}: QuantMatmul of quant.h, fields of eight bytes in the same order. Shared by all threads. */
final class QuantArguments {
  /** Scratch of one thread. */
  static final long SCRATCH_BYTES = 192 * 1024;

  /** Rows of a group: what threads divide. */
  static final int GROUP = 16;

  private static final int FIELDS = 10;

  private final MemorySegment fields = Arena.ofAuto().allocate(FIELDS * 8L, 64);
  private int next;

  private QuantArguments add(long value) {
    fields.setAtIndex(ValueLayout.JAVA_LONG, next++, value);
    return this;
  }

  /** The weights, and the distance of their rows in bytes, 0 if packed. */
  QuantArguments weights(long address, long rowBytes) {
    next = 0;
    return add(address).add(rowBytes);
  }

  /** Activations, with the distance of their rows in floats if they are f32; results. */
  QuantArguments operands(long x, long xStride, long y, long yStride) {
    return add(x).add(xStride).add(y).add(yStride);
  }

  /** Tokens, rows and columns of the weights; how far ahead to prefetch them. */
  QuantArguments sizes(long m, long n, long k, long ahead) {
    return add(m).add(n).add(k).add(ahead);
  }

  long address() {
    return fields.address();
  }

  /** Bytes of m quantised rows of k in the largest layout: three numbers for each run of 16, see quant_levels.h. */
  static long activationBytes(long m, long k) {
    long supers = (k + 255) / 256 * m;
    return supers * (256 + 3 * 16 * Float.BYTES) + 3 * 64;
  }

  static long groups(long n) {
    return (n + GROUP - 1) / GROUP;
  }
}
