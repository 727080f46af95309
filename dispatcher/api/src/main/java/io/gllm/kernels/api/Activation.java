package io.gllm.kernels.api;

/** The function that {@code gemm_bias_act} applies to its result. */
public enum Activation {
  /** Identity. */
  NONE,
  /** max(x, 0). */
  RELU,
  /** x * sigmoid(x). */
  SILU,
  /** 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
  GELU
}
