package io.gllm.kernels.api;

/** How the elements of a {@link Buffer} lie in memory. */
public enum Layout {
  /** Row-major, as in files and as every operator reads by default. */
  ROWS,
  /** A weight matrix in the order its device's matrix kernels consume it; made by {@code pack_b}, opaque otherwise. */
  PACKED
}
