package io.gllm.kernels.testkit.oracle;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A block as a string of bits, bit 0 the lowest of its first byte: every field of every format is a run of them.
 *
 * @param bytes holds the block
 * @param from its first byte
 */
record BlockBits(byte[] bytes, int from) {
  private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** {@code count} bits, at most 32, as an unsigned number. */
  long of(int first, int count) {
    int at = from + first / 8;
    if (at + Long.BYTES <= bytes.length) { // a single load: reading byte by byte took an eighth of the time of a conformance suite
      return (long) LONG.get(bytes, at) >> first % 8 & (1L << count) - 1;
    }
    long value = 0;
    for (int i = (first % 8 + count - 1) / 8; i >= 0; i--) {
      value = value << 8 | bytes[at + i] & 0xff;
    }
    return value >> first % 8 & (1L << count) - 1;
  }

  /** A bit as -1 (set) or 1. */
  int sign(int bit) {
    return of(bit, 1) == 0 ? 1 : -1;
  }

  /** The f16 that begins at a byte. */
  double half(int at) {
    return Floats.fromHalf((int) of(8 * at, 16));
  }
}
