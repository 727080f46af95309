package io.gllm.kernels.api.portable;

/**
 * An index that a kernel found outside its range. Kernels run after their launch has returned, so it becomes an exception when
 * the host next waits for the queue; the kernel itself wrote nothing.
 */
public enum Fault {
  /** A token id outside the embedding table. */
  TOKEN_ID("token id"),
  /** A position outside the tables of a rotary embedding. */
  POSITION("position"),
  /** A slot outside a cache. */
  SLOT("slot"),
  /** A block outside a paged cache. */
  BLOCK("block id"),
  /** A length outside its sequence's blocks. */
  LENGTH("length");

  private final String label;

  Fault(String label) {
    this.label = label;
  }

  /** The first word that a kernel writes; 0 means that there is no fault. */
  public int code() {
    return ordinal() + 1;
  }

  /**
   * The exception for the four words of {@link Launcher#faults}, or null if the first is zero.
   *
   * @param position where the index stands among the indices of the call
   */
  public static IndexOutOfBoundsException of(int code, int position, int value, int limit) {
    if (code == 0) {
      return null;
    }
    String what = code >= 1 && code <= values().length ? values()[code - 1].label : "index";
    return new IndexOutOfBoundsException(
        what + " " + value + " at position " + Integer.toUnsignedString(position) + " is outside 0.." + Integer.toUnsignedString(limit));
  }
}
