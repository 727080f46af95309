package io.gllm.kernels.checkpoint;

/**
 * How GPTQ stores zero points. Files do not always say which, and the wrong one moves every weight by a whole step without any other
 * sign, so it is always named.
 */
public enum GptqVariant {
  /** Stored minus one, modulo the number of codes: {@code "checkpoint_format": "gptq"}, and all files without that field. */
  V1(1),
  /** Stored as they are: {@code "checkpoint_format": "gptq_v2"}. */
  V2(0);

  private final int added;

  GptqVariant(int added) {
    this.added = added;
  }

  /** The zero point behind a stored code; 0 is stored by V1 as the largest code, which is why it wraps. */
  int zero(int stored, int bits) {
    return stored + added & (1 << bits) - 1;
  }

  /** The code that stores a zero point. */
  int stored(int zero, int bits) {
    return zero - added & (1 << bits) - 1;
  }

  GptqVariant other() {
    return this == V1 ? V2 : V1;
  }
}
