package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * One loop for each arithmetic operator, over n floats at byte offsets; n is a whole number of vectors. Each is a method of its own,
 * not a loop with a function inside: a call that returns a vector would put every vector on the heap.
 */
final class ElementLoops {
  private ElementLoops() {}

  static void add(MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, a, aAt + 4L * i, LE)
          .add(FloatVector.fromMemorySegment(FLOATS, b, bAt + 4L * i, LE));
      v.intoMemorySegment(out, outAt + 4L * i, LE);
    }
  }

  static void sub(MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, a, aAt + 4L * i, LE)
          .sub(FloatVector.fromMemorySegment(FLOATS, b, bAt + 4L * i, LE));
      v.intoMemorySegment(out, outAt + 4L * i, LE);
    }
  }

  static void mul(MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, a, aAt + 4L * i, LE)
          .mul(FloatVector.fromMemorySegment(FLOATS, b, bAt + 4L * i, LE));
      v.intoMemorySegment(out, outAt + 4L * i, LE);
    }
  }

  /** out = x - s. */
  static void subtract(MemorySegment x, long xAt, float s, MemorySegment out, long outAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector.fromMemorySegment(FLOATS, x, xAt + 4L * i, LE).sub(s).intoMemorySegment(out, outAt + 4L * i, LE);
    }
  }

  /** out = x * s. */
  static void scale(MemorySegment x, long xAt, float s, MemorySegment out, long outAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector.fromMemorySegment(FLOATS, x, xAt + 4L * i, LE).mul(s).intoMemorySegment(out, outAt + 4L * i, LE);
    }
  }

  /** out = y + s * x, rounded after the product. */
  static void axpy(MemorySegment x, long xAt, float s, MemorySegment y, long yAt, MemorySegment out, long outAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, xAt + 4L * i, LE).mul(s)
          .add(FloatVector.fromMemorySegment(FLOATS, y, yAt + 4L * i, LE));
      v.intoMemorySegment(out, outAt + 4L * i, LE);
    }
  }

  /** max(x, 0); -0 stays, and what is no number. */
  static void relu(MemorySegment x, long xAt, MemorySegment out, long outAt, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, x, xAt + 4L * i, LE);
      v.blend(0.0f, v.compare(VectorOperators.LT, 0.0f)).intoMemorySegment(out, outAt + 4L * i, LE);
    }
  }
}
