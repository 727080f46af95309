package io.gllm.kernels.api;

/** Which two elements of a head are rotated together. */
public enum RopeLayout {
  /** Elements 2i and 2i+1. */
  INTERLEAVED,
  /** Elements i and i + rotary_dim/2, the "neox" form. */
  SPLIT_HALF
}
