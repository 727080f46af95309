package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;

/** Inputs that start in the middle of a word: the launch binds the words around them and says by how many bytes they start late. */
final class Unaligned {
  private Unaligned() {}

  /** Binds {@code bytes} bytes from byte {@code from} of the buffer, and whatever shares a word with them. */
  static void bind(Launch launch, Buffer buffer, long from, long bytes) {
    int late = late(buffer, from);
    launch.words(buffer.memory(), buffer.byteOffset() + from - late, (late + bytes + 3) / 4);
  }

  /**
   * The bytes from the start of a word to byte {@code from} of the buffer: 0 or 2, for blocks of an odd size also 1 or 3.
   *
   * @throws IllegalArgumentException if it is odd, and the elements are not
   */
  static int late(Buffer buffer, long from) {
    int late = (int) (buffer.byteOffset() + from & 3);
    if ((late & 1) != 0 && (buffer.type().blockBytes() & 1) == 0) {
      throw new IllegalArgumentException("a buffer of " + buffer.type().label() + " starts at an odd byte");
    }
    return late;
  }

  /** The same in elements for plain types, in bytes for quantised formats: what the kernels take as {@code w_at}. */
  static int lateElements(Buffer buffer, long from) {
    return buffer.type().blockElements() == 1 ? late(buffer, from) / buffer.type().blockBytes() : late(buffer, from);
  }
}
