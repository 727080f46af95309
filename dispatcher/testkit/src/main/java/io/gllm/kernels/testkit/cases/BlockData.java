package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.oracle.Floats;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/** Quantised blocks with chosen contents. */
final class BlockData {
  /** What a block stresses. */
  enum Kind {
    /** Every bit random, scales finite and of common size. */
    RANDOM,
    /** Codes in order, so that a swapped nibble shows. */
    RAMP,
    /** A single sub-block, another one in each block, has a scale. */
    ONE_SCALE,
    /** d = 0, and a single sub-block has a minimum. */
    ONE_MINIMUM,
    /** A single code, another one in each block, has only its highest bit set; the others are 0. */
    HIGH_BIT,
    /** As HIGH_BIT with the second highest. */
    SECOND_BIT,
    /** Signed codes and scales all negative. */
    NEGATIVE,
    /** Only the highest bits of the 6-bit scales and minimums set. */
    HIGH_SCALES;

    String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /** Formats that have their codes and scales chosen one by one; the others get patterns of bits from {@link BlockFields}. */
  private static final Set<QuantFormat> OWN_PATTERNS = EnumSet.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K,
      QuantFormat.Q8_K);

  private BlockData() {}

  /** Blocks of a format, {@code elements} elements in all. */
  static Data of(QuantFormat format, Kind kind, int elements, String seed) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Source s = new Source(seed + format + kind);
    for (int b = 0; b < elements / format.blockElements(); b++) {
      out.writeBytes(kind == Kind.RANDOM ? random(format, s) : pattern(format, kind, b));
    }
    return new Data(format, out.toByteArray());
  }

  /** Every bit random, not-a-number and infinite scales included. */
  static Data bits(QuantFormat format, int elements, String seed) {
    byte[] bytes = new byte[(int) format.bytesFor(elements)];
    new Source(seed + format).random.nextBytes(bytes);
    return new Data(format, bytes);
  }

  private static byte[] random(QuantFormat format, Source s) {
    byte[] block = new byte[format.blockBytes()];
    s.random.nextBytes(block);
    if (!OWN_PATTERNS.contains(format)) {
      return BlockFields.tame(format, block, s);
    }
    double d = s.random.nextDouble(-0.02, 0.02);
    switch (format) {
      case Q4_K -> {
        BlockFields.putHalf(block, 0, d);
        BlockFields.putHalf(block, 2, s.random.nextDouble(-0.02, 0.02));
      }
      case Q6_K -> BlockFields.putHalf(block, 208, d);
      case Q8_K -> {
        byte[] codes = Arrays.copyOfRange(block, 4, 260);
        return q8k(d, i -> codes[i]);
      }
      default -> BlockFields.putHalf(block, 0, d);
    }
    return block;
  }

  private static byte[] pattern(QuantFormat format, Kind kind, int block) {
    if (!OWN_PATTERNS.contains(format)) {
      return BlockFields.pattern(format, kind, block);
    }
    int codeBits = switch (format) {
      case Q4_0, Q4_K -> 4;
      case Q6_K -> 6;
      default -> 8;
    };
    int chosen = (block * 37 + 5) % format.blockElements();
    IntUnaryOperator codes = switch (kind) {
      case HIGH_BIT -> i -> i == chosen ? 1 << codeBits - 1 : 0;
      case SECOND_BIT -> i -> i == chosen ? 1 << codeBits - 2 : 0;
      case NEGATIVE -> i -> -1 - i % 128;
      default -> i -> i;
    };
    int scales = format == QuantFormat.Q6_K ? 16 : 8;
    IntUnaryOperator scale = switch (kind) {
      case ONE_SCALE -> i -> i == block % scales ? 33 + block % 7 : 0;
      case NEGATIVE -> i -> format == QuantFormat.Q6_K ? -128 + i : 63 - i;
      case HIGH_SCALES -> i -> (i + block) % 3 << 4;
      default -> i -> 1 + i;
    };
    IntUnaryOperator minimum = switch (kind) {
      case ONE_MINIMUM -> i -> i == block % 8 ? 45 : 0;
      case ONE_SCALE -> i -> 0;
      case HIGH_SCALES -> i -> (i + block + 1) % 4 << 4;
      default -> i -> 60 - i;
    };
    double d = kind == Kind.ONE_MINIMUM ? 0 : block % 2 == 0 ? 0x1p-6 : -0.01;
    return switch (format) {
      case Q4_0 -> q40(d, codes);
      case Q8_0 -> q80(d, codes);
      case Q4_K -> q4k(d, 0.02, scale, minimum, codes);
      case Q6_K -> q6k(d, scale, codes);
      case Q8_K -> q8k(d, codes);
      default -> throw new IllegalArgumentException(format.label());
    };
  }

  private static byte[] q40(double d, IntUnaryOperator code) {
    byte[] out = new byte[18];
    BlockFields.putHalf(out, 0, d);
    for (int j = 0; j < 16; j++) {
      out[2 + j] = (byte) (code.applyAsInt(j) & 15 | (code.applyAsInt(j + 16) & 15) << 4);
    }
    return out;
  }

  private static byte[] q80(double d, IntUnaryOperator code) {
    byte[] out = new byte[34];
    BlockFields.putHalf(out, 0, d);
    for (int j = 0; j < 32; j++) {
      out[2 + j] = (byte) code.applyAsInt(j);
    }
    return out;
  }

  private static byte[] q4k(double d, double dmin, IntUnaryOperator scale, IntUnaryOperator minimum, IntUnaryOperator code) {
    byte[] out = new byte[144];
    BlockFields.putHalf(out, 0, d);
    BlockFields.putHalf(out, 2, dmin);
    for (int j = 0; j < 4; j++) {
      int high = scale.applyAsInt(j + 4);
      int highMin = minimum.applyAsInt(j + 4);
      out[4 + j] = (byte) (scale.applyAsInt(j) & 63 | (high >> 4 & 3) << 6);
      out[8 + j] = (byte) (minimum.applyAsInt(j) & 63 | (highMin >> 4 & 3) << 6);
      out[12 + j] = (byte) (high & 15 | (highMin & 15) << 4);
    }
    for (int i = 0; i < 128; i++) {
      int first = i / 32 * 64 + i % 32;
      out[16 + i] = (byte) (code.applyAsInt(first) & 15 | (code.applyAsInt(first + 32) & 15) << 4);
    }
    return out;
  }

  private static byte[] q6k(double d, IntUnaryOperator scale, IntUnaryOperator code) {
    byte[] out = new byte[210];
    for (int e = 0; e < 256; e++) {
      int half = e / 128;
      int quarter = e % 128 / 32;
      int l = e % 32;
      int q = code.applyAsInt(e);
      out[half * 64 + quarter % 2 * 32 + l] |= (byte) ((q & 15) << quarter / 2 * 4);
      out[128 + half * 32 + l] |= (byte) ((q >> 4 & 3) << 2 * quarter);
    }
    for (int j = 0; j < 16; j++) {
      out[192 + j] = (byte) scale.applyAsInt(j);
    }
    BlockFields.putHalf(out, 208, d);
    return out;
  }

  private static byte[] q8k(double d, IntUnaryOperator code) {
    byte[] out = new byte[292];
    System.arraycopy(Floats.encode(DType.F32, d), 0, out, 0, 4);
    int[] sums = new int[16];
    for (int j = 0; j < 256; j++) {
      out[4 + j] = (byte) code.applyAsInt(j);
      sums[j / 16] += out[4 + j];
    }
    for (int j = 0; j < 16; j++) {
      out[260 + 2 * j] = (byte) sums[j];
      out[261 + 2 * j] = (byte) (sums[j] >> 8);
    }
    return out;
  }
}
