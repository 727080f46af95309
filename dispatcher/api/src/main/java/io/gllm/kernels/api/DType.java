package io.gllm.kernels.api;

import java.util.Locale;

/** Plain number types, little-endian. */
public enum DType implements ElementType {
  /** IEEE binary32. */
  F32(4),
  /** IEEE binary16. */
  F16(2),
  /** The upper half of a binary32. */
  BF16(2),
  /** Signed 32-bit integer: token ids, positions, block tables. */
  I32(4),
  /** Signed 8-bit integer. */
  I8(1);

  private final int bytes;
  private final String label = name().toLowerCase(Locale.ROOT);

  DType(int bytes) {
    this.bytes = bytes;
  }

  @Override
  public int index() {
    return ordinal();
  }

  @Override
  public int blockElements() {
    return 1;
  }

  @Override
  public int blockBytes() {
    return bytes;
  }

  @Override
  public String label() {
    return label;
  }

  /** Whether the type is one of the three floating-point types. */
  public boolean isFloat() {
    return this == F32 || this == F16 || this == BF16;
  }

  /** Largest relative error of rounding a real number to this floating-point type: 2^-24, 2^-11 or 2^-8. */
  public double unitRoundoff() {
    return switch (this) {
      case F32 -> 0x1p-24;
      case F16 -> 0x1p-11;
      case BF16 -> 0x1p-8;
      default -> 0;
    };
  }

  /** Half the distance between the smallest numbers of this floating-point type: the rounding error near zero. */
  public double subnormalRoundoff() {
    return switch (this) {
      case F32 -> 0x1p-126;
      case F16 -> 0x1p-25;
      case BF16 -> 0x1p-126;
      default -> 0;
    };
  }
}
