package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.testkit.oracle.Floats;
import java.util.Arrays;

/**
 * Where a format keeps its scales, as far as chosen contents need it; all other bytes are codes, signs and indexes, for which every bit
 * pattern is valid.
 *
 * @param halves bytes at which an f16 begins: d, then the unit or value of minimums if there is one
 * @param first first byte of small scales
 * @param count number of bytes of small scales
 */
record BlockFields(int[] halves, int first, int count) {
  static BlockFields of(QuantFormat format) {
    return switch (format) {
      case Q4_1, Q5_1 -> new BlockFields(new int[]{0, 2}, 0, 0);
      case Q8_1 -> new BlockFields(new int[]{0, 2}, 0, 0);
      case Q2_K -> new BlockFields(new int[]{80, 82}, 0, 16);
      case Q3_K -> new BlockFields(new int[]{108}, 96, 12);
      case Q5_K -> new BlockFields(new int[]{0, 2}, 4, 12);
      case IQ2_XS -> new BlockFields(new int[]{0}, 66, 8);
      case IQ2_S -> new BlockFields(new int[]{0}, 74, 8);
      case IQ3_S -> new BlockFields(new int[]{0}, 106, 4);
      case IQ4_XS -> new BlockFields(new int[]{0}, 2, 6);
      case IQ1_M -> new BlockFields(new int[0], 48, 8);
      case TQ1_0 -> new BlockFields(new int[]{52}, 0, 0);
      case TQ2_0 -> new BlockFields(new int[]{64}, 0, 0);
      case MXFP4 -> new BlockFields(new int[0], 0, 1);
      case NVFP4 -> new BlockFields(new int[0], 0, 4);
      default -> new BlockFields(new int[]{0}, 0, 0); // Q5_0, Q1_0, Q2_0, IQ2_XXS, IQ3_XXS, IQ1_S, IQ4_NL
    };
  }

  /** Scales of a common size in a block of random bits. */
  static byte[] tame(QuantFormat format, byte[] block, Source s) {
    for (int at : of(format).halves) {
      putHalf(block, at, s.random.nextDouble(-0.02, 0.02));
    }
    commonUnits(format, block, Floats.toHalf(s.random.nextDouble(-0.02, 0.02)));
    return block;
  }

  /** Units that are no f16 of their own; small scales stay, but for bits that would make numbers too large. */
  private static void commonUnits(QuantFormat format, byte[] block, int half) {
    switch (format) {
      case MXFP4 -> block[0] = (byte) (118 + (block[0] & 3));
      case NVFP4 -> {
        for (int i = 0; i < 4; i++) {
          block[i] &= 0x3f;
        }
      }
      case IQ1_M -> {
        for (int i = 0; i < 4; i++) {
          block[49 + 2 * i] = (byte) (block[49 + 2 * i] & 15 | (half >> 4 * i & 15) << 4);
        }
      }
      default -> {
      }
    }
  }

  /** Block number {@code number} of a kind. */
  static byte[] pattern(QuantFormat format, BlockData.Kind kind, int number) {
    BlockFields fields = of(format);
    byte[] block = new byte[format.blockBytes()];
    fields.codes(kind, number, block);
    fields.scales(kind, number, block);
    double d = kind == BlockData.Kind.ONE_MINIMUM ? 0 : number % 2 == 0 ? 0x1p-6 : -0.01;
    for (int i = 0; i < fields.halves.length; i++) {
      putHalf(block, fields.halves[i], i == 0 ? d : 0.02);
    }
    commonUnits(format, block, Floats.toHalf(d));
    return block;
  }

  private void codes(BlockData.Kind kind, int number, byte[] block) {
    int bit = (number * 37 + 5) % (block.length * 8);
    switch (kind) {
      case HIGH_BIT -> block[bit / 8] = (byte) (1 << bit % 8);
      case SECOND_BIT -> {
        Arrays.fill(block, (byte) -1);
        block[bit / 8] ^= (byte) (1 << bit % 8);
      }
      case NEGATIVE -> Arrays.fill(block, (byte) -1);
      default -> {
        for (int i = 0; i < block.length; i++) {
          block[i] = (byte) (i * 0x21 + number);
        }
      }
    }
  }

  private void scales(BlockData.Kind kind, int number, byte[] block) {
    for (int i = 0; i < count; i++) {
      block[first + i] = (byte) switch (kind) {
        case ONE_SCALE, ONE_MINIMUM -> i == number % count ? 0x21 + number % 7 * 0x22 : 0;
        case NEGATIVE -> -1 - i;
        case HIGH_SCALES -> (i + number) % 4 << 4 | (i + number) % 3 << 6;
        default -> 0x11 * (1 + i);
      };
    }
  }

  static void putHalf(byte[] out, int at, double value) {
    int bits = Floats.toHalf(value);
    out[at] = (byte) bits;
    out[at + 1] = (byte) (bits >> 8);
  }
}
