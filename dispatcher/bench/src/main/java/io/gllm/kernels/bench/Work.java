package io.gllm.kernels.bench;

/**
 * What one call does, from the contract of the operator.
 *
 * @param flops operations
 * @param bytes bytes that are read and written
 * @param tokens tokens that a model takes in or gives out; 0 for an operator
 */
public record Work(double flops, double bytes, double tokens) {
  /** Work of an operator. */
  static Work of(double flops, double bytes) {
    return new Work(flops, bytes, 0);
  }

  /** Operations, or bytes where there are none. */
  double amount() {
    return flops > 0 ? flops : bytes;
  }
}
