package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.cpu.PackedLayout;

/**
 * How machine code holds a quantised format: quant.h for the formats with kernels of their own, quant_levels.h for those that become
 * codes and a table of levels.
 *
 * @param variant what follows the stem in the names of entries that read or write packed weights
 * @param groupBytes bytes of 16 packed rows by {@code groupColumns} columns
 * @param groupColumns 64 or 256
 * @param activations the stem of the entries that quantise activations, of f32 rows
 * @param activationsFromBlocks the entry that takes quantised activations
 */
record QuantCode(String variant, long groupBytes, int groupColumns, String activations, String activationsFromBlocks) {
  private static final int SMALL = 64;
  private static final int SUPER = 256;
  private static final long TRITS = 896;

  /** How {@code kernels} hold {@code format}. */
  static QuantCode of(NativeKernels kernels, QuantFormat format) {
    return kernels.packsTernaries() ? ternaries(format) : of(format);
  }

  /** With ternary weights as in quant_trits.h. */
  private static QuantCode ternaries(QuantFormat format) {
    return switch (format) {
      case TQ1_0 -> trits(format, 32, 0);
      case IQ1_S -> trits(format, 32, 64);
      case IQ1_M -> trits(format, 16, 192);
      default -> of(format);
    };
  }

  private static QuantCode of(QuantFormat format) {
    return switch (format) {
      case Q4_0, Q8_0 -> own(format, QuantArguments.GROUP * format.bytesFor(SMALL), SMALL);
      case Q4_K -> own(format, QuantArguments.GROUP * format.blockBytes(), SUPER);
      case Q6_K -> own(format, 3392, SUPER); // scales padded to whole cache lines
      case Q4_1 -> levels(format, 32, 4, 512);
      case Q5_0 -> levels(format, 32, 5, 256);
      case Q5_1 -> levels(format, 32, 5, 512);
      case Q2_K -> levels(format, 16, 2, 320);
      case Q3_K -> levels(format, 16, 3, 288);
      case Q5_K -> levels(format, 32, 5, 320);
      case IQ1_S -> levels(format, 32, 2, 160);
      case IQ1_M -> levels(format, 16, 2, 224);
      case IQ2_XXS -> levels(format, 32, 3, 96);
      case IQ2_XS, IQ2_S -> levels(format, 16, 3, 160);
      case IQ3_XXS, IQ3_S -> levels(format, 32, 4, 96);
      case IQ4_NL -> levels(format, 32, 4, 256);
      case IQ4_XS -> levels(format, 32, 4, 160);
      case TQ1_0, TQ2_0 -> levels(format, 32, 2, 32);
      case MXFP4 -> levels(format, 32, 4, 128);
      case NVFP4 -> levels(format, 16, 4, 256);
      case Q1_0 -> levels(format, 32, 1, 64);
      case Q2_0 -> levels(format, 32, 2, 128);
      case Q8_1, Q8_K -> throw new IllegalArgumentException(format.label() + " is no format of weights");
    };
  }

  private static QuantCode own(QuantFormat format, long bytes, int columns) {
    QuantFormat blocks = format.activationFormat();
    return new QuantCode("", bytes, columns, "quant_act_" + blocks.blockElements(), "quant_act_from_" + blocks.label());
  }

  /** The shape of quant_heads.h: scales for each {@code run} columns, codes of {@code bits} bits, {@code head} bytes of scales. */
  private static QuantCode levels(QuantFormat format, int run, int bits, int head) {
    return levels("", format, run, head + (long) QuantArguments.GROUP * SUPER * bits / Byte.SIZE);
  }

  private static QuantCode trits(QuantFormat format, int run, int head) {
    return levels("_dense", format, run, head + TRITS);
  }

  private static QuantCode levels(String variant, QuantFormat format, int run, long bytes) {
    QuantFormat blocks = format.activationFormat();
    String stem = "quant_act_runs" + SUPER / run + "_";
    return new QuantCode(variant, bytes, SUPER, stem + blocks.blockElements(), stem + "from_" + blocks.label());
  }

  /** What a packed buffer says it holds. */
  PackedLayout layout() {
    return variant.isEmpty() ? PackedLayout.ROWS_16 : PackedLayout.ROWS_16_TRITS;
  }

  /** Bytes of 16 packed rows of k columns. */
  long rowBytes(long k) {
    return (k + groupColumns - 1) / groupColumns * groupBytes;
  }
}
