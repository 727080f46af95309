package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The order of a sum that the scalar tier defines, on vectors: lane j of 256 adds elements j, j + 256, ... in order, then the lanes
 * are added by a binary tree. Works on whole groups of 256; the caller pads. One instance for each thread.
 */
final class LaneTree {
  static final int LANES = 256;
  /** Groups that are read before the next lanes are taken: 16 KB stay in the first-level cache. */
  private static final int NEAR = 16;

  private final float[] lanes = new float[LANES];

  /** The smallest multiple of 256 that is not below n. */
  static int padded(int n) {
    return n + LANES - 1 & -LANES;
  }

  void reset(float v) {
    Arrays.fill(lanes, v);
  }

  void add(MemorySegment x, long at, int groups) {
    for (int g = 0; g < groups; g += NEAR) {
      int count = Math.min(NEAR, groups - g);
      for (int j = 0; j < LANES; j += 4 * Lanes.COUNT) {
        addLanes(x, at + 4L * (g * LANES + j), count, j);
      }
    }
  }

  private void addLanes(MemorySegment x, long at, int groups, int j) {
    FloatVector s0 = FloatVector.fromArray(FLOATS, lanes, j);
    FloatVector s1 = FloatVector.fromArray(FLOATS, lanes, j + Lanes.COUNT);
    FloatVector s2 = FloatVector.fromArray(FLOATS, lanes, j + 2 * Lanes.COUNT);
    FloatVector s3 = FloatVector.fromArray(FLOATS, lanes, j + 3 * Lanes.COUNT);
    for (int g = 0; g < groups; g++) {
      long from = at + 4L * LANES * g;
      s0 = s0.add(FloatVector.fromMemorySegment(FLOATS, x, from, LE));
      s1 = s1.add(FloatVector.fromMemorySegment(FLOATS, x, from + 4L * Lanes.COUNT, LE));
      s2 = s2.add(FloatVector.fromMemorySegment(FLOATS, x, from + 8L * Lanes.COUNT, LE));
      s3 = s3.add(FloatVector.fromMemorySegment(FLOATS, x, from + 12L * Lanes.COUNT, LE));
    }
    s0.intoArray(lanes, j);
    s1.intoArray(lanes, j + Lanes.COUNT);
    s2.intoArray(lanes, j + 2 * Lanes.COUNT);
    s3.intoArray(lanes, j + 3 * Lanes.COUNT);
  }

  /** Adds products, rounded before they are added. */
  void addProducts(MemorySegment x, long xAt, MemorySegment y, long yAt, int groups) {
    for (int g = 0; g < groups; g += NEAR) {
      int count = Math.min(NEAR, groups - g);
      for (int j = 0; j < LANES; j += 4 * Lanes.COUNT) {
        long offset = 4L * (g * LANES + j);
        addProductLanes(x, xAt + offset, y, yAt + offset, count, j);
      }
    }
  }

  private void addProductLanes(MemorySegment x, long xAt, MemorySegment y, long yAt, int groups, int j) {
    FloatVector s0 = FloatVector.fromArray(FLOATS, lanes, j);
    FloatVector s1 = FloatVector.fromArray(FLOATS, lanes, j + Lanes.COUNT);
    FloatVector s2 = FloatVector.fromArray(FLOATS, lanes, j + 2 * Lanes.COUNT);
    FloatVector s3 = FloatVector.fromArray(FLOATS, lanes, j + 3 * Lanes.COUNT);
    for (int g = 0; g < groups; g++) {
      long p = xAt + 4L * LANES * g;
      long q = yAt + 4L * LANES * g;
      s0 = FloatVector.fromMemorySegment(FLOATS, x, p, LE).mul(FloatVector.fromMemorySegment(FLOATS, y, q, LE)).add(s0);
      s1 = FloatVector.fromMemorySegment(FLOATS, x, p + 4L * Lanes.COUNT, LE)
          .mul(FloatVector.fromMemorySegment(FLOATS, y, q + 4L * Lanes.COUNT, LE)).add(s1);
      s2 = FloatVector.fromMemorySegment(FLOATS, x, p + 8L * Lanes.COUNT, LE)
          .mul(FloatVector.fromMemorySegment(FLOATS, y, q + 8L * Lanes.COUNT, LE)).add(s2);
      s3 = FloatVector.fromMemorySegment(FLOATS, x, p + 12L * Lanes.COUNT, LE)
          .mul(FloatVector.fromMemorySegment(FLOATS, y, q + 12L * Lanes.COUNT, LE)).add(s3);
    }
    s0.intoArray(lanes, j);
    s1.intoArray(lanes, j + Lanes.COUNT);
    s2.intoArray(lanes, j + 2 * Lanes.COUNT);
    s3.intoArray(lanes, j + 3 * Lanes.COUNT);
  }

  /** Takes what is larger, or not a number. */
  void take(MemorySegment x, long at, int groups) {
    for (int j = 0; j < LANES; j += 2 * Lanes.COUNT) {
      FloatVector s0 = FloatVector.fromArray(FLOATS, lanes, j);
      FloatVector s1 = FloatVector.fromArray(FLOATS, lanes, j + Lanes.COUNT);
      for (int g = 0; g < groups; g++) {
        long from = at + 4L * (LANES * g + j);
        FloatVector v0 = FloatVector.fromMemorySegment(FLOATS, x, from, LE);
        FloatVector v1 = FloatVector.fromMemorySegment(FLOATS, x, from + 4L * Lanes.COUNT, LE);
        s0 = s0.blend(v0, v0.compare(VectorOperators.GT, s0).or(v0.compare(VectorOperators.NE, v0)));
        s1 = s1.blend(v1, v1.compare(VectorOperators.GT, s1).or(v1.compare(VectorOperators.NE, v1)));
      }
      s0.intoArray(lanes, j);
      s1.intoArray(lanes, j + Lanes.COUNT);
    }
  }

  float sum() {
    int n = LANES / 2;
    for (; n >= Lanes.COUNT; n >>= 1) {
      for (int j = 0; j < n; j += Lanes.COUNT) {
        FloatVector upper = FloatVector.fromArray(FLOATS, lanes, j + n);
        FloatVector.fromArray(FLOATS, lanes, j).add(upper).intoArray(lanes, j);
      }
    }
    for (; n > 0; n >>= 1) {
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

  /** One for each member of a team. */
  static LaneTree[] forTeam(int size) {
    LaneTree[] trees = new LaneTree[size];
    Arrays.setAll(trees, i -> new LaneTree());
    return trees;
  }
}
