package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Layout;

/** Argument checks shared by the operator contracts. Messages are built only when a check fails. */
final class Check {
  private Check() {}

  /** An open row-major buffer with at least {@code elements} elements. */
  static void holds(String name, Buffer buffer, long elements) {
    open(name, buffer);
    if (buffer.layout() != Layout.ROWS) {
      throw new IllegalArgumentException(name + " is packed; this operator reads row-major data");
    }
    if (buffer.length() < elements) {
      throw new IllegalArgumentException(name + " holds " + buffer.length() + " elements, " + elements + " are needed");
    }
  }

  static void open(String name, Buffer buffer) {
    if (buffer == null) {
      throw new IllegalArgumentException(name + " is null");
    }
    if (!buffer.isOpen()) {
      throw new IllegalStateException(name + " is closed");
    }
  }

  static void type(String name, Buffer buffer, ElementType expected) {
    if (buffer.type() != expected) {
      throw new IllegalArgumentException(name + " is " + buffer.type().label() + ", expected " + expected.label());
    }
  }

  static void floatType(String name, Buffer buffer) {
    if (!(buffer.type() instanceof DType plain && plain.isFloat())) {
      throw new IllegalArgumentException(name + " is " + buffer.type().label() + ", expected f32, f16 or bf16");
    }
  }

  static void size(String name, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " is negative: " + value);
    }
  }

  static void positive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be positive: " + value);
    }
  }

  /** The product of two sizes; an overflow is an error, not a wrapped number. */
  static long times(long a, long b) {
    try {
      return Math.multiplyExact(a, b);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("sizes overflow: " + a + " x " + b, e);
    }
  }

  /** Output and input share no byte. */
  static void disjoint(String outName, Buffer out, String inName, Buffer in) {
    if (out.overlaps(in)) {
      throw new IllegalArgumentException(outName + " overlaps " + inName);
    }
  }

  /** Output and input are exactly the same elements, or share no byte. */
  static void sameOrDisjoint(String outName, Buffer out, String inName, Buffer in) {
    if (out.overlaps(in) && !out.sameStart(in)) {
      throw new IllegalArgumentException(outName + " overlaps " + inName + " without being the same");
    }
  }

  static void whole(String name, long elements, ElementType type) {
    if (elements % type.blockElements() != 0) {
      throw new IllegalArgumentException(
          name + " = " + elements + " is no multiple of the " + type.label() + " block of " + type.blockElements());
    }
  }
}
