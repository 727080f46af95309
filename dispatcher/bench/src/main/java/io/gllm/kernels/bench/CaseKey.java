package io.gllm.kernels.bench;

/**
 * Which case of which contender: what two reports have in common.
 *
 * @param contender label of the contender
 * @param suite the suite
 * @param op the operator, loop or phase of a model
 * @param type the element type it is dispatched on
 * @param shape the sizes
 */
public record CaseKey(String contender, String suite, String op, String type, String shape) {
  /** Suite, name, type and sizes: the same work for every contender. */
  public String label() {
    return suite + " " + op + " " + type + " " + shape;
  }

  @Override
  public String toString() {
    return contender + ": " + label();
  }
}
