package io.gllm.kernels.safetensors;

import io.gllm.kernels.api.DType;

/** Element types of safetensors files; the constants have the names in the file. */
public enum SafetensorsType {
  /** Truth values, a byte each. */
  BOOL(8),
  /** 4-bit floats, two to a byte. */
  F4(4),
  /** 6-bit floats, four to three bytes. */
  F6_E2M3(6),
  /** 6-bit floats, four to three bytes. */
  F6_E3M2(6),
  /** Unsigned bytes. */
  U8(8),
  /** Signed bytes. */
  I8(8),
  /** 8-bit floats. */
  F8_E5M2(8),
  /** 8-bit floats. */
  F8_E4M3(8),
  /** 8-bit powers of two. */
  F8_E8M0(8),
  /** Signed 16-bit integers. */
  I16(16),
  /** Unsigned 16-bit integers. */
  U16(16),
  /** IEEE binary16. */
  F16(16),
  /** The upper half of a binary32. */
  BF16(16),
  /** Signed 32-bit integers. */
  I32(32),
  /** Unsigned 32-bit integers. */
  U32(32),
  /** IEEE binary32. */
  F32(32),
  /** Pairs of binary32. */
  C64(64),
  /** IEEE binary64. */
  F64(64),
  /** Signed 64-bit integers. */
  I64(64),
  /** Unsigned 64-bit integers. */
  U64(64);

  private final int bits;

  SafetensorsType(int bits) {
    this.bits = bits;
  }

  /** Bits of an element. */
  public int bits() {
    return bits;
  }

  /** The type that operators take, or null if they have none for it. */
  public DType operand() {
    return switch (this) {
      case F32 -> DType.F32;
      case F16 -> DType.F16;
      case BF16 -> DType.BF16;
      case I32 -> DType.I32;
      case I8 -> DType.I8;
      default -> null;
    };
  }

  /** The type of this name, or null. */
  static SafetensorsType byName(String name) {
    for (SafetensorsType type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    return null;
  }
}
