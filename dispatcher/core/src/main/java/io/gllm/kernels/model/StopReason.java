package io.gllm.kernels.model;

/** Why generation ended. */
public enum StopReason {
  /** The model ended the text or its turn. */
  END,
  /** The most tokens that were asked for. */
  MAX_TOKENS,
  /** The context is full. */
  CONTEXT_FULL
}
