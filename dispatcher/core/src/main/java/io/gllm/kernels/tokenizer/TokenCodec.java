package io.gllm.kernels.tokenizer;

/** One way to cut text into tokens. */
interface TokenCodec {
  /**
   * Appends the ids of a text without special tokens.
   *
   * @param first whether the text comes first or follows a special token
   */
  void encode(String text, boolean first, IntList ids);

  /** The UTF-8 bytes that a token which is not special stands for. */
  byte[] bytes(int id);

  /** Whether encoding puts a space before the first word, which decoding takes away. */
  boolean addsSpace();
}
