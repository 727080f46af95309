package io.gllm.kernels.cpu;

import java.util.Locale;

/** The three implementations of every operator on the CPU, best first. */
public enum Tier {
  /** Machine code built offline, mapped executable. */
  NATIVE,
  /** The Vector API, where its module is readable. */
  VECTOR,
  /** Plain Java: always there, and the definition of every result. */
  SCALAR;

  /** Lower-case name. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
