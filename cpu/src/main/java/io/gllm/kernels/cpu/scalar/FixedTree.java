package io.gllm.kernels.cpu.scalar;

import java.util.Arrays;

/**
 * The order of a sum over a row as a work group of 256 keeps it: lane j adds elements j, j + 256, ... in order, then the lanes are
 * added by a binary tree (reduce.inc). One instance for each thread of a kernel.
 */
final class FixedTree {
  static final int LANES = 256;

  private final float[] lanes = new float[LANES];

  /** Sets all lanes to {@code v}. */
  void reset(float v) {
    Arrays.fill(lanes, v);
  }

  /** Adds {@code v}, element {@code i} of the row. */
  void add(long i, float v) {
    int lane = (int) (i & LANES - 1);
    lanes[lane] = lanes[lane] + v;
  }

  /** Adds a * b for element {@code i} of the row. */
  void mad(long i, float a, float b) {
    int lane = (int) (i & LANES - 1);
    lanes[lane] = PortableMath.mad(a, b, lanes[lane]);
  }

  /** Takes {@code v} if it is larger, or not a number. */
  void max(long i, float v) {
    int lane = (int) (i & LANES - 1);
    lanes[lane] = v > lanes[lane] || Float.isNaN(v) ? v : lanes[lane];
  }

  float sum() {
    for (int n = LANES / 2; n > 0; n >>= 1) {
      for (int j = 0; j < n; j++) {
        lanes[j] = lanes[j] + lanes[j + n];
      }
    }
    return lanes[0];
  }

  float max() {
    for (int n = LANES / 2; n > 0; n >>= 1) {
      for (int j = 0; j < n; j++) {
        float b = lanes[j + n];
        lanes[j] = b > lanes[j] || Float.isNaN(b) ? b : lanes[j];
      }
    }
    return lanes[0];
  }
}
