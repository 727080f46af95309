package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.CodeBook;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.ValueLayout;

/** Formats whose codes are rows of a table. Only the numbers of the tables are shared with those who are tested. */
final class BlocksOfGrids {
  private BlocksOfGrids() {}

  static double value(QuantFormat format, BlockBits b, int e) {
    int eighth = e / 8;
    int part = e / 32;
    return switch (format) {
      case IQ2_XXS -> {
        int at = 16 + part * 64;
        double s = b.of(at + 60, 4);
        yield b.half(0) * (0.5 + s) / 4 * grid(format, b.of(at + e % 32 / 8 * 8, 8), e) * parity(b, at + 32 + e % 32 / 8 * 7, e % 8);
      }
      case IQ2_XS -> {
        int at = 16 + eighth * 16;
        double s = b.of(66 * 8 + e / 16 * 4, 4);
        yield b.half(0) * (0.5 + s) / 4 * grid(format, b.of(at, 9), e) * parity(b, at + 9, e % 8);
      }
      case IQ2_S -> {
        long row = b.of(16 + eighth * 8, 8) + 256 * b.of(66 * 8 + eighth * 2, 2);
        double s = b.of(74 * 8 + e / 16 * 4, 4);
        yield b.half(0) * (0.5 + s) / 4 * grid(format, row, e) * b.sign(34 * 8 + e);
      }
      case IQ3_XXS -> {
        double s = b.of(66 * 8 + part * 32 + 28, 4);
        yield b.half(0) * (0.5 + s) / 2 * grid(format, b.of(16 + e / 4 * 8, 8), e) * parity(b, 66 * 8 + part * 32 + eighth % 4 * 7, e % 8);
      }
      case IQ3_S -> {
        long row = b.of(16 + e / 4 * 8, 8) + 256 * b.of(66 * 8 + e / 4, 1);
        yield b.half(0) * (1 + 2 * b.of(106 * 8 + part * 4, 4)) * grid(format, row, e) * b.sign(74 * 8 + e);
      }
      case IQ1_S -> {
        int high = 34 * 8 + part * 16;
        long row = b.of(16 + eighth * 8, 8) + 256 * b.of(high + eighth % 4 * 3, 3);
        yield b.half(0) * (2 * b.of(high + 12, 3) + 1) * (grid(format, row, e) + b.sign(high + 15) / 8.0);
      }
      case IQ1_M -> {
        int high = 32 * 8 + eighth * 4;
        long row = b.of(eighth * 8, 8) + 256 * b.of(high, 3);
        long s = b.of(48 * 8 + e / 64 * 16 + e % 64 / 16 * 3, 3);
        yield spreadHalf(b) * (2 * s + 1) * (grid(format, row, e) + b.sign(high + 3) / 8.0);
      }
      default -> throw new IllegalArgumentException(format.label());
    };
  }

  private static int grid(QuantFormat format, long row, int e) {
    CodeBook book = CodeBook.of(format);
    return book.table().get(ValueLayout.JAVA_BYTE, row * book.width() + e % book.width());
  }

  /** Seven signs are stored; the eighth makes their product positive. */
  private static int parity(BlockBits b, int first, int i) {
    if (i < 7) {
      return b.sign(first + i);
    }
    int product = 1;
    for (int j = 0; j < 7; j++) {
      product *= b.sign(first + j);
    }
    return product;
  }

  /** An f16 in the highest nibbles of four words. */
  private static double spreadHalf(BlockBits b) {
    int bits = 0;
    for (int i = 3; i >= 0; i--) {
      bits = bits << 4 | (int) b.of(48 * 8 + 16 * i + 12, 4);
    }
    return Floats.fromHalf(bits);
  }
}
