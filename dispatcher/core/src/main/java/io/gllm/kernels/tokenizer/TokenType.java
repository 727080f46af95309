package io.gllm.kernels.tokenizer;

/** Kinds of tokens; the ordinal is the number in the file. */
enum TokenType {
  /** No type was given; treated as {@link #NORMAL}. */
  UNDEFINED,
  /** Text. */
  NORMAL,
  /** Stands for text that the vocabulary cannot express. */
  UNKNOWN,
  /** Steers the model, for example begin and end of text; has no text of its own. */
  CONTROL,
  /** Text that is always one token. */
  USER_DEFINED,
  /** Never produced. */
  UNUSED,
  /** One byte, written {@code <0x0A>}. */
  BYTE;

  private static final TokenType[] BY_ID = values();

  /** The type with this number, or null. */
  static TokenType byId(int id) {
    return id < 0 || id >= BY_ID.length ? null : BY_ID[id];
  }
}
