package io.gllm.kernels.gguf;

/** Types of metadata values; the ordinal is the id in the file. */
enum GgufType {
  U8(1), I8(1), U16(2), I16(2), U32(4), I32(4), F32(4), BOOL(1), STRING(0), ARRAY(0), U64(8), I64(8), F64(8);

  private static final GgufType[] BY_ID = values();

  private final int bytes;

  GgufType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of a value, or 0 if they differ from value to value. */
  int bytes() {
    return bytes;
  }

  boolean isInteger() {
    return switch (this) {
      case U8, I8, U16, I16, U32, I32, U64, I64 -> true;
      default -> false;
    };
  }

  boolean isReal() {
    return this == F32 || this == F64;
  }

  /** The type with this id, or null. */
  static GgufType byId(int id) {
    return id < 0 || id >= BY_ID.length ? null : BY_ID[id];
  }
}
