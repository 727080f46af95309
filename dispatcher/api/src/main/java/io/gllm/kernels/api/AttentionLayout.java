package io.gllm.kernels.api;

/** Order of the dimensions of contiguous queries, keys, values and outputs. */
public enum AttentionLayout {
  /** [batch][heads][sequence][head_dim]. */
  BHSD,
  /** [batch][sequence][heads][head_dim]. */
  BSHD
}
