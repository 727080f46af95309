package io.gllm.kernels.testkit;

import io.gllm.kernels.api.ElementType;
import java.util.ArrayList;
import java.util.List;

/**
 * One launch of a kernel: its operands and how to pass them. The harness runs it twice with different bytes around the operands and
 * in the outputs beforehand.
 *
 * @param <K> the kernel interface
 */
public final class Call<K> {
  final String label;
  final List<Operand> operands = new ArrayList<>();
  Launch<K> launch;
  int shift;

  /** A call that failure messages call {@code label}. */
  public Call(String label) {
    this.label = label;
  }

  /** Passes the operands to a kernel. */
  public interface Launch<K> {
    /** Checks the arguments by the operator's contract, then launches. */
    void on(K kernel);
  }

  /** An input, which must not change. */
  public Operand in(String name, Data data) {
    return add(new Operand(name, data.type(), data.length(), data.bytes(), null));
  }

  /** An output, filled with garbage before. */
  public Operand out(String name, ElementType type, Expected after) {
    return add(new Operand(name, type, after.length(), null, after));
  }

  /** An operand that is read and written. */
  public Operand inOut(String name, Data data, Expected after) {
    return add(new Operand(name, data.type(), data.length(), data.bytes(), after));
  }

  /** An output of a call that must fail, of which nothing may be written. */
  public Operand untouched(String name, Data data) {
    return in(name, data);
  }

  private Operand add(Operand operand) {
    operands.add(operand);
    return operand;
  }

  /** Every operand starts {@code elements} elements (or blocks) off its natural 256-byte alignment. */
  public Call<K> shift(int elements) {
    shift = elements;
    return this;
  }

  /** Sets the launch. */
  public Call<K> launch(Launch<K> launch) {
    this.launch = launch;
    return this;
  }
}
