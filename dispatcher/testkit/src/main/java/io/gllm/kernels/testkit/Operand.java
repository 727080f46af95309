package io.gllm.kernels.testkit;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;

/** One operand of a call: what it holds before, and what it must hold afterwards. */
public final class Operand {
  final String name;
  final ElementType type;
  final long length;
  final byte[] before;
  final Expected after;
  Buffer buffer;
  byte[] result;

  Operand(String name, ElementType type, long length, byte[] before, Expected after) {
    this.name = name;
    this.type = type;
    this.length = length;
    this.before = before;
    this.after = after;
  }

  /** The buffer, while the call runs. */
  public Buffer buffer() {
    return buffer;
  }

  /** What an output holds after the call, every NaN replaced by the same one. */
  public byte[] result() {
    return result;
  }

  boolean isOutput() {
    return after != null;
  }
}
