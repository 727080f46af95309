package io.gllm.kernels.api;

import java.util.Locale;

/**
 * Block formats of quantised tensors, with the layout sizes and type ids of GGUF files. SPEC/formats describes the bytes.
 */
public enum QuantFormat implements ElementType {
  /** 4-bit, one scale for 32. */
  Q4_0(2, 32, 18),
  /** 4-bit, scale and minimum for 32. */
  Q4_1(3, 32, 20),
  /** 5-bit, one scale for 32. */
  Q5_0(6, 32, 22),
  /** 5-bit, scale and minimum for 32. */
  Q5_1(7, 32, 24),
  /** 8-bit, one scale for 32; weights and activations. */
  Q8_0(8, 32, 34),
  /** 8-bit activations with the block sum. */
  Q8_1(9, 32, 36),
  /** 2-bit K-quant. */
  Q2_K(10, 256, 84),
  /** 3-bit K-quant. */
  Q3_K(11, 256, 110),
  /** 4-bit K-quant: 8 sub-blocks with 6-bit scales and minimums. */
  Q4_K(12, 256, 144),
  /** 5-bit K-quant. */
  Q5_K(13, 256, 176),
  /** 6-bit K-quant: 16 sub-blocks with 8-bit scales. */
  Q6_K(14, 256, 210),
  /** 8-bit activations, one scale for 256, with sums of 16. */
  Q8_K(15, 256, 292),
  /** 2.06-bit grid. */
  IQ2_XXS(16, 256, 66),
  /** 2.31-bit grid. */
  IQ2_XS(17, 256, 74),
  /** 3.06-bit grid. */
  IQ3_XXS(18, 256, 98),
  /** 1.56-bit grid. */
  IQ1_S(19, 256, 50),
  /** 4-bit with a table of 16 values. */
  IQ4_NL(20, 32, 18),
  /** 3.44-bit grid. */
  IQ3_S(21, 256, 110),
  /** 2.56-bit grid. */
  IQ2_S(22, 256, 82),
  /** 4.25-bit with a table of 16 values. */
  IQ4_XS(23, 256, 136),
  /** 1.75-bit grid. */
  IQ1_M(29, 256, 56),
  /** Ternary, five to a byte. */
  TQ1_0(34, 256, 54),
  /** Ternary, four to a byte. */
  TQ2_0(35, 256, 66),
  /** 4-bit float with a power-of-two scale. */
  MXFP4(39, 32, 17),
  /** 4-bit float with an 8-bit float scale for 16. */
  NVFP4(40, 64, 36),
  /** 1-bit. */
  Q1_0(41, 128, 18),
  /** 2-bit. */
  Q2_0(42, 64, 18);

  private static final int PLAIN_TYPES = DType.values().length;

  private final int ggufId;
  private final int blockElements;
  private final int blockBytes;
  private final String label = name().toLowerCase(Locale.ROOT);

  QuantFormat(int ggufId, int blockElements, int blockBytes) {
    this.ggufId = ggufId;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /** The type id of this format in GGUF files. */
  public int ggufId() {
    return ggufId;
  }

  @Override
  public int index() {
    return PLAIN_TYPES + ordinal();
  }

  @Override
  public int blockElements() {
    return blockElements;
  }

  @Override
  public int blockBytes() {
    return blockBytes;
  }

  @Override
  public String label() {
    return label;
  }

  /**
   * The format into which activations are quantised before an integer product with weights of this format: {@link #Q8_K}
   * for 256-element blocks, {@link #Q8_0} for the others.
   */
  public QuantFormat activationFormat() {
    return blockElements == 256 ? Q8_K : Q8_0;
  }
}
