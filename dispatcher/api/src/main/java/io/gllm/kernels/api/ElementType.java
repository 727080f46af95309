package io.gllm.kernels.api;

/**
 * What the elements of a {@link Buffer} are: a plain number type, or a quantised format whose elements come in blocks.
 */
public sealed interface ElementType permits DType, QuantFormat {
  /** A dense index over all element types, for tables that are read on the hot path. */
  int index();

  /** Elements in one block; 1 for plain types. */
  int blockElements();

  /** Bytes of one block; the size of an element for plain types. */
  int blockBytes();

  /** Lower-case name as it appears in kernel symbols and reports, for example {@code f16} or {@code q4_k}. */
  String label();

  /**
   * Bytes that {@code elements} elements occupy.
   *
   * @throws IllegalArgumentException if the count is negative, no multiple of the block, or too large to address
   */
  default long bytesFor(long elements) {
    if (elements < 0 || elements % blockElements() != 0) {
      throw new IllegalArgumentException(elements + " elements are no whole number of " + label() + " blocks of " + blockElements());
    }
    try {
      return Math.multiplyExact(elements / blockElements(), (long) blockBytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(elements + " elements of " + label() + " exceed 2^63 bytes", e);
    }
  }

  /** Number of different element types; {@link #index()} is below it. A method: a constant would be computed while the enums load. */
  static int count() {
    return DType.values().length + QuantFormat.values().length;
  }

  /** The element type at {@code index}. */
  static ElementType at(int index) {
    int plain = DType.values().length;
    return index < plain ? DType.values()[index] : QuantFormat.values()[index - plain];
  }
}
