package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/** Decoding of one quantised format: its whole truth on the CPU. */
public interface BlockFormat {
  /** The format. */
  QuantFormat format();

  /** Decodes the block at byte {@code at} of {@code blocks} into {@code out[to ...]}. */
  void decode(MemorySegment blocks, long at, float[] out, int to);

  /** The decoder of a format; a {@link BlockCodec} where the format can be encoded. */
  static BlockFormat of(QuantFormat format) {
    return switch (format) {
      case Q4_0 -> FormatQ4_0.INSTANCE;
      case Q4_1 -> FormatQ4_1.INSTANCE;
      case Q5_0 -> FormatQ5_0.INSTANCE;
      case Q5_1 -> FormatQ5_1.INSTANCE;
      case Q8_0 -> FormatQ8_0.INSTANCE;
      case Q8_1 -> FormatQ8_1.INSTANCE;
      case Q2_K -> FormatQ2_K.INSTANCE;
      case Q3_K -> FormatQ3_K.INSTANCE;
      case Q4_K -> FormatQ4_K.INSTANCE;
      case Q5_K -> FormatQ5_K.INSTANCE;
      case Q6_K -> FormatQ6_K.INSTANCE;
      case Q8_K -> FormatQ8_K.INSTANCE;
      case IQ2_XXS -> FormatIQ2_XXS.INSTANCE;
      case IQ2_XS -> FormatIQ2_XS.INSTANCE;
      case IQ3_XXS -> FormatIQ3_XXS.INSTANCE;
      case IQ1_S -> FormatIQ1_S.INSTANCE;
      case IQ4_NL -> FormatIQ4_NL.INSTANCE;
      case IQ3_S -> FormatIQ3_S.INSTANCE;
      case IQ2_S -> FormatIQ2_S.INSTANCE;
      case IQ4_XS -> FormatIQ4_XS.INSTANCE;
      case IQ1_M -> FormatIQ1_M.INSTANCE;
      case TQ1_0 -> FormatTQ1_0.INSTANCE;
      case TQ2_0 -> FormatTQ2_0.INSTANCE;
      case MXFP4 -> FormatMXFP4.INSTANCE;
      case NVFP4 -> FormatNVFP4.INSTANCE;
      case Q1_0 -> FormatQ1_0.INSTANCE;
      case Q2_0 -> FormatQ2_0.INSTANCE;
    };
  }

  /** Decodes {@code n} elements from byte {@code at}; n is a whole number of blocks. */
  default void decodeRow(MemorySegment blocks, long at, float[] out, int n) {
    int size = format().blockElements();
    for (int i = 0; i < n; i += size) {
      decode(blocks, at + (long) (i / size) * format().blockBytes(), out, i);
    }
  }
}
