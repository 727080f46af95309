package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.QuantFormat;

/**
 * How machine code holds a quantised format: quant.h for the formats with kernels of their own, quant_levels.h for those that become
 * codes and a table of levels.
 *
 * @param groupBytes bytes of 16 packed rows by {@code groupColumns} columns
 * @param groupColumns 64, or a block of 256
 * @param activations the stem of the entries that quantise activations, of f32 rows
 * @param activationsFromBlocks the entry that takes quantised activations
 */
record QuantCode(long groupBytes, int groupColumns, String activations, String activationsFromBlocks) {
  private static final int COLUMNS = 64;
  private static final int CODES = 512;
  private static final int FIFTH_BITS = 128;

  static QuantCode of(QuantFormat format) {
    return switch (format) {
      case Q4_0, Q8_0 -> own(format, QuantArguments.GROUP * format.bytesFor(COLUMNS), COLUMNS);
      case Q4_K -> own(format, QuantArguments.GROUP * format.blockBytes(), format.blockElements());
      case Q6_K -> own(format, 3392, format.blockElements()); // scales padded to whole cache lines
      case Q4_1 -> levels(format, 32, 2, 0);
      case Q5_0 -> levels(format, 32, 1, FIFTH_BITS);
      case Q5_1, Q5_K -> levels(format, 32, 2, FIFTH_BITS);
      case Q2_K -> levels(format, 16, 2, 0);
      case Q3_K, IQ1_M, IQ2_XS, IQ2_S, NVFP4 -> levels(format, 16, 1, 0);
      case IQ1_S, IQ2_XXS, IQ3_XXS, IQ3_S, IQ4_NL, IQ4_XS, TQ1_0, TQ2_0, MXFP4, Q1_0, Q2_0 -> levels(format, 32, 1, 0);
      case Q8_1, Q8_K -> throw new IllegalArgumentException(format.label() + " is no format of weights");
    };
  }

  private static QuantCode own(QuantFormat format, long bytes, int columns) {
    QuantFormat blocks = format.activationFormat();
    return new QuantCode(bytes, columns, "quant_act_" + blocks.blockElements(), "quant_act_from_" + blocks.label());
  }

  /** {@code numbers} f32 for each run of {@code run} columns: scale, or scale and minimum. */
  private static QuantCode levels(QuantFormat format, int run, int numbers, int more) {
    QuantFormat blocks = format.activationFormat();
    String stem = "quant_act_runs" + 256 / run + "_";
    long scales = (long) COLUMNS / run * numbers * QuantArguments.GROUP * Float.BYTES;
    return new QuantCode(scales + CODES + more, COLUMNS, stem + blocks.blockElements(), stem + "from_" + blocks.label());
  }

  /** Bytes of 16 packed rows of k columns. */
  long rowBytes(long k) {
    return (k + groupColumns - 1) / groupColumns * groupBytes;
  }
}
