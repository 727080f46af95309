package io.gllm.kernels.api;

/** The two promises about rounding. */
public enum Numerics {
  /** The fastest kernel within the operator's error bound; same device, shape and input give the same bits. */
  FAST,
  /** Only kernels that keep the portable order of every sum: the same bits on every backend and for every batch size. */
  REPRODUCIBLE
}
