package io.gllm.kernels.cpu.scalar;

import java.lang.foreign.MemorySegment;

/**
 * Unnormalised probabilities e^(x - top) of a row and their sum, cut into 256 runs of consecutive elements: each run is summed in
 * order from zero, and the runs are added in order. NaN counts as zero, infinity minus infinity too.
 */
final class Probabilities {
  static final int RUNS = 256;

  private final float[] runs = new float[RUNS];
  private float[] weights = new float[0];
  private int cols;
  private int run;

  /** Loads row {@code row} of {@code cols} logits. */
  void load(MemorySegment x, long row, int cols) {
    this.cols = cols;
    run = (cols + RUNS - 1) / RUNS;
    if (weights.length < cols) {
      weights = new float[cols];
    }
    float base = base(x, row * cols);
    for (int r = 0; r < RUNS; r++) {
      float sum = 0.0f;
      for (int i = r * run; i < Math.min(cols, (r + 1) * run); i++) {
        float weight = PortableMath.exp(Elements.f32(x, row * cols + i) - base);
        weights[i] = Float.isNaN(weight) ? 0.0f : weight;
        sum = sum + weights[i];
      }
      runs[r] = sum;
    }
  }

  private float base(MemorySegment x, long at) {
    float top = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < cols; i++) {
      float v = Elements.f32(x, at + i);
      top = v > top ? v : top;
    }
    return top == Float.NEGATIVE_INFINITY ? 0.0f : top;
  }

  float weight(int i) {
    return weights[i];
  }

  float total() {
    float total = 0.0f;
    for (int r = 0; r < RUNS; r++) {
      total = total + runs[r];
    }
    return total;
  }

  /** The first element whose running sum exceeds {@code threshold}; else the last with a weight; -1 if there is none. */
  int find(float threshold) {
    float before = 0.0f;
    for (int r = 0; r < RUNS; r++) {
      if (before + runs[r] > threshold) {
        int found = findInRun(r, before, threshold);
        if (found >= 0) {
          return found;
        }
      }
      before = before + runs[r];
    }
    for (int i = cols - 1; i >= 0; i--) {
      if (weights[i] > 0.0f) {
        return i;
      }
    }
    return -1;
  }

  private int findInRun(int r, float before, float threshold) {
    float sum = 0.0f;
    for (int i = r * run; i < Math.min(cols, (r + 1) * run); i++) {
      sum = sum + weights[i];
      if (before + sum > threshold) {
        return i;
      }
    }
    return -1;
  }
}
