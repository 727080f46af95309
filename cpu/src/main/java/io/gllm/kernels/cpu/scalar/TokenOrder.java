package io.gllm.kernels.cpu.scalar;

import java.lang.foreign.MemorySegment;

/** A row of logits and its order: larger values first, the smaller index first among equals; NaN counts as -inf. */
final class TokenOrder {
  private float[] values = new float[0];
  private int[] order = new int[0];

  /** Loads row {@code row} of {@code cols} logits. */
  void load(MemorySegment x, long row, int cols) {
    if (values.length < cols) {
      values = new float[cols];
      order = new int[cols];
    }
    for (int i = 0; i < cols; i++) {
      float v = Elements.f32(x, row * cols + i);
      values[i] = Float.isNaN(v) ? Float.NEGATIVE_INFINITY : v;
    }
  }

  float value(int token) {
    return values[token];
  }

  /** The token at place {@code place} after {@link #sort}. */
  int token(int place) {
    return order[place];
  }

  /** Brings the first {@code count} places into order, by a heap whose root is the last of those kept. */
  void sort(int cols, int count) {
    for (int i = 0; i < count; i++) {
      order[i] = i;
    }
    for (int i = count / 2 - 1; i >= 0; i--) {
      sink(i, count);
    }
    for (int i = count; i < cols; i++) {
      if (before(i, order[0])) {
        order[0] = i;
        sink(0, count);
      }
    }
    for (int end = count - 1; end > 0; end--) {
      int last = order[0];
      order[0] = order[end];
      order[end] = last;
      sink(0, end);
    }
  }

  private boolean before(int a, int b) {
    return values[a] > values[b] || values[a] == values[b] && a < b;
  }

  private void sink(int from, int size) {
    int at = from;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        return;
      }
      if (child + 1 < size && before(order[child], order[child + 1])) {
        child++;
      }
      if (!before(order[at], order[child])) {
        return;
      }
      int moved = order[at];
      order[at] = order[child];
      order[child] = moved;
      at = child;
    }
  }
}
