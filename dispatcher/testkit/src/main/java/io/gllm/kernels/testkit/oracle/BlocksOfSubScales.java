package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.QuantFormat;

/** Formats of 256 elements without a grid. */
final class BlocksOfSubScales {
  private BlocksOfSubScales() {}

  static double value(QuantFormat format, BlockBits b, int e) {
    return switch (format) {
      case Q2_K -> b.half(80) * b.of(e / 16 * 8, 4) * quarter(b, 16, e) - b.half(82) * b.of(e / 16 * 8 + 4, 4);
      case Q3_K -> b.half(108) * (scale3(b, e / 16) - 32) * (quarter(b, 32, e) - (b.of(e % 32 * 8 + e / 32, 1) == 0 ? 4 : 0));
      case Q5_K -> {
        long code = b.of(8 * (48 + e / 64 * 32 + e % 32) + e / 32 % 2 * 4, 4) + 16 * b.of(8 * (16 + e % 32) + e / 32, 1);
        yield b.half(0) * scale5(b, 4, 12, 0, e / 32) * code - b.half(2) * scale5(b, 8, 12, 4, e / 32);
      }
      case IQ4_XS -> {
        long scale = b.of(32 + e / 32 * 4, 4) + 16 * b.of(16 + e / 32 * 2, 2);
        yield b.half(0) * (scale - 32) * BlocksOfOneScale.curve(BlocksOfOneScale.pair(b, 8 + e / 32 * 16, e % 32, 32));
      }
      case TQ1_0 -> b.half(52) * (trit(b, e) - 1);
      case TQ2_0 -> b.half(64) * (quarter(b, 0, e) - 1);
      default -> throw new IllegalArgumentException(format.label());
    };
  }

  /** Two bits of an element: of each half of the block, 32 bytes hold four quarters, one above the other. */
  private static long quarter(BlockBits b, int at, int e) {
    int inHalf = e % 128;
    return b.of(8 * (at + e / 128 * 32 + inHalf % 32) + 2 * (inHalf / 32), 2);
  }

  /** Four low bits in nibbles of 8 bytes, two high bits in the quarters of 4 bytes. */
  private static long scale3(BlockBits b, int sub) {
    return b.of(96 * 8 + (sub < 8 ? 8 * sub : 8 * (sub - 8) + 4), 4) + 16 * b.of(104 * 8 + sub % 4 * 8 + sub / 4 * 2, 2);
  }

  /** Six bits: together for the first four, for the others a nibble {@code high} and the two bits that the first four leave. */
  private static long scale5(BlockBits b, int at, int nibbles, int high, int sub) {
    return sub < 4 ? b.of(8 * (at + sub), 6) : b.of(8 * (nibbles + sub - 4) + high, 4) + 16 * b.of(8 * (at + sub - 4) + 6, 2);
  }

  /** The leading ternary digits of a byte as a fraction of 256, one after the other. */
  private static int trit(BlockBits b, int e) {
    int at = e < 160 ? e % 32 : e < 240 ? 32 + e % 16 : 48 + e % 4;
    int digit = e < 160 ? e / 32 : e < 240 ? (e - 160) / 16 : (e - 240) / 4;
    int rest = (int) b.of(8 * at, 8);
    for (int i = 0; i < digit; i++) {
      rest = rest * 3 % 256;
    }
    return rest * 3 / 256;
  }
}
