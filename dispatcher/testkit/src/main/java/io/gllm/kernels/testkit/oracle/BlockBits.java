package io.gllm.kernels.testkit.oracle;

/**
 * A block as a string of bits, bit 0 the lowest of its first byte: every field of every format is a run of them.
 *
 * @param bytes holds the block
 * @param from its first byte
 */
record BlockBits(byte[] bytes, int from) {
  /** {@code count} bits, at most 32, as an unsigned number. */
  long of(int first, int count) {
    long value = 0;
    for (int i = count - 1; i >= 0; i--) {
      int bit = first + i;
      value = value << 1 | bytes[from + bit / 8] >> bit % 8 & 1;
    }
    return value;
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
