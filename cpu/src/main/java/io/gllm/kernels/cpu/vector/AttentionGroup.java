package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.cpu.scalar.PortableMath;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Attention of up to 16 queries that share keys and values, with an online softmax over tiles of 32 keys that start at multiples of
 * 32, so that a result depends neither on the group nor on the thread. Keys with a score of -inf are passed over: what they point to
 * may never have been written. One instance for each thread.
 */
final class AttentionGroup {
  static final int QUERIES = 16;
  private static final int TILE = 32;
  private static final int LONGEST_ROW = 256;
  /** Bytes between rows: the longest head and a cache line. */
  private static final long ROW = 4L * (LONGEST_ROW + 16);

  private static final long QUERY = 0;
  private static final long MEAN = QUERY + QUERIES * ROW;
  private static final long KEY = MEAN + QUERIES * ROW;
  private static final long VALUE = KEY + TILE * ROW;
  private static final long PRODUCT = VALUE + TILE * ROW;
  private static final long SCORE = PRODUCT + 4L * QUERIES * TILE;
  private static final long MASK = SCORE + 4L * TILE;
  private static final long WEIGHT = MASK + 4L * TILE;
  private static final long WORK = WEIGHT + 4L * TILE;
  /** Scratch memory of one thread. */
  static final long BYTES = WORK + DotTile.WORK;

  /** Where the keys and values of the group lie. */
  interface Keys {
    /** Index of the first element of token {@code t} in the key and value buffers. */
    long at(long t);

    /** Index of the number that is added to the score of token {@code t} for a query, if there is a mask. */
    long maskAt(int query, long t);
  }

  private final ElementType type;
  private final float[] top = new float[QUERIES];
  private final float[] sum = new float[QUERIES];
  private final long[] seen = new long[QUERIES];
  private MemorySegment s;
  private long base;
  private int headDim;
  private int padded;
  private int queries;

  AttentionGroup(ElementType type) {
    this.type = type;
  }

  /** Begins an empty group that works at byte {@code base} of scratch memory. */
  void begin(MemorySegment scratch, long base, int headDim) {
    this.s = scratch;
    this.base = base;
    this.headDim = headDim;
    this.padded = Lanes.padded(headDim);
    this.queries = 0;
  }

  /** Adds the query at element {@code at}, which sees the first {@code count} keys. */
  void add(MemorySegment q, long at, float scale, long count) {
    long row = base + QUERY + queries * ROW;
    Conversion.widen(DType.F32, q, at, headDim, s, row);
    Conversion.fill(s, row, headDim, padded, 0.0f);
    ElementLoops.scale(s, row, scale, s, row, padded);
    Conversion.fill(s, base + MEAN + queries * ROW, 0, padded, 0.0f);
    top[queries] = Float.NEGATIVE_INFINITY;
    sum[queries] = 0.0f;
    seen[queries] = count;
    queries++;
  }

  /** Attends to all keys that any query sees; mask may be null. */
  void attend(MemorySegment k, MemorySegment v, MemorySegment mask, Keys keys) {
    long most = 0;
    for (int i = 0; i < queries; i++) {
      most = Math.max(most, seen[i]);
    }
    for (long first = 0; first < most; first += TILE) {
      load(k, v, keys, first, (int) Math.min(TILE, most - first));
      for (int i = 0; i < queries; i++) {
        int count = (int) Math.min(TILE, seen[i] - first);
        if (count > 0) {
          if (mask == null) {
            score(i, count);
          } else {
            score(i, count, mask, keys.maskAt(i, first));
          }
          update(i, count);
        }
      }
    }
  }

  /** Brings a tile of keys and values into scratch memory and multiplies all queries with the keys. */
  private void load(MemorySegment k, MemorySegment v, Keys keys, long first, int count) {
    for (int i = 0; i < count; i++) {
      long at = keys.at(first + i);
      Conversion.widen(type, k, at, headDim, s, base + KEY + i * ROW);
      Conversion.fill(s, base + KEY + i * ROW, headDim, padded, 0.0f);
      Conversion.widen(type, v, at, headDim, s, base + VALUE + i * ROW);
    }
    Conversion.fill(s, base + PRODUCT, 0, QUERIES * TILE, 0.0f);
    for (int i = 0; i < count; i += DotTile.COLUMNS) {
      DotTile.multiply(s, base + QUERY, ROW, queries, s, base + KEY + i * ROW, ROW, 4 * padded, s, base + PRODUCT + 4L * QUERIES * i,
          base + WORK);
    }
  }

  /** The scores of query i as a row, padded with -inf. */
  private void score(int i, int count) {
    for (int j = 0; j < count; j += DotTile.COLUMNS) {
      DotTile.copyFour(s, base + PRODUCT + 4L * QUERIES * j + 16L * i, base + SCORE + 4L * j);
    }
    Conversion.fill(s, base + SCORE, count, TILE, Float.NEGATIVE_INFINITY);
  }

  private void score(int i, int count, MemorySegment mask, long maskAt) {
    score(i, count);
    Conversion.widen(DType.F32, mask, maskAt, count, s, base + MASK);
    Conversion.fill(s, base + MASK, count, TILE, 0.0f);
    ElementLoops.add(s, base + SCORE, s, base + MASK, s, base + SCORE, TILE);
  }

  /** Brings query i to the larger top, turns its scores into weights and adds the weighted values. */
  private void update(int i, int count) {
    float next = Math.max(top[i], largest());
    float shift = next == Float.NEGATIVE_INFINITY ? 0.0f : next;
    float keep = PortableMath.exp(top[i] - shift);
    long mean = base + MEAN + i * ROW;
    ElementLoops.scale(s, mean, keep, s, mean, padded);
    top[i] = next;
    sum[i] = sum[i] * keep + weigh(shift);
    int from = 0;
    while (from < count) {
      int to = seenUntil(from, count);
      accumulate(mean, from, to);
      from = to;
      while (from < count && hidden(from)) {
        from++;
      }
    }
  }

  /** The largest score; scores that are no numbers do not count, they show in the sum. */
  private float largest() {
    FloatVector best = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int j = 0; j < TILE; j += Lanes.COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, s, base + SCORE + 4L * j, LE);
      best = best.blend(v, v.compare(VectorOperators.GT, best));
    }
    return best.reduceLanes(VectorOperators.MAX);
  }

  /** Turns scores into weights; returns their sum. */
  private float weigh(float shift) {
    ElementLoops.subtract(s, base + SCORE, shift, s, base + WEIGHT, TILE);
    Functions.exp(s, base + WEIGHT, s, base + WEIGHT, TILE);
    FloatVector total = FloatVector.zero(FLOATS);
    for (int j = 0; j < TILE; j += Lanes.COUNT) {
      total = total.add(FloatVector.fromMemorySegment(FLOATS, s, base + WEIGHT + 4L * j, LE));
    }
    total.intoMemorySegment(s, base + WORK, LE);
    return Lanes.sum(s, base + WORK, Lanes.COUNT);
  }

  private float weight(int j) {
    return s.get(Lanes.FLOAT, base + WEIGHT + 4L * j);
  }

  private boolean hidden(int j) {
    return s.get(Lanes.FLOAT, base + SCORE + 4L * j) == Float.NEGATIVE_INFINITY;
  }

  /** The first key from {@code from} on that is passed over, or {@code count}. */
  private int seenUntil(int from, int count) {
    int j = from;
    while (j < count && !hidden(j)) {
      j++;
    }
    return j;
  }

  private void accumulate(long mean, int from, int to) {
    int d = 0;
    for (; d + 4 * Lanes.COUNT <= padded; d += 4 * Lanes.COUNT) {
      accumulateFour(mean + 4L * d, base + VALUE + 4L * d, from, to);
    }
    for (; d < padded; d += Lanes.COUNT) {
      accumulateOne(mean + 4L * d, base + VALUE + 4L * d, from, to);
    }
  }

  private void accumulateFour(long mean, long values, int from, int to) {
    FloatVector a0 = FloatVector.fromMemorySegment(FLOATS, s, mean, LE);
    FloatVector a1 = FloatVector.fromMemorySegment(FLOATS, s, mean + 4L * Lanes.COUNT, LE);
    FloatVector a2 = FloatVector.fromMemorySegment(FLOATS, s, mean + 8L * Lanes.COUNT, LE);
    FloatVector a3 = FloatVector.fromMemorySegment(FLOATS, s, mean + 12L * Lanes.COUNT, LE);
    for (int j = from; j < to; j++) {
      FloatVector w = FloatVector.broadcast(FLOATS, weight(j));
      long row = values + j * ROW;
      a0 = w.fma(FloatVector.fromMemorySegment(FLOATS, s, row, LE), a0);
      a1 = w.fma(FloatVector.fromMemorySegment(FLOATS, s, row + 4L * Lanes.COUNT, LE), a1);
      a2 = w.fma(FloatVector.fromMemorySegment(FLOATS, s, row + 8L * Lanes.COUNT, LE), a2);
      a3 = w.fma(FloatVector.fromMemorySegment(FLOATS, s, row + 12L * Lanes.COUNT, LE), a3);
    }
    a0.intoMemorySegment(s, mean, LE);
    a1.intoMemorySegment(s, mean + 4L * Lanes.COUNT, LE);
    a2.intoMemorySegment(s, mean + 8L * Lanes.COUNT, LE);
    a3.intoMemorySegment(s, mean + 12L * Lanes.COUNT, LE);
  }

  private void accumulateOne(long mean, long values, int from, int to) {
    FloatVector a = FloatVector.fromMemorySegment(FLOATS, s, mean, LE);
    for (int j = from; j < to; j++) {
      a = FloatVector.broadcast(FLOATS, weight(j)).fma(FloatVector.fromMemorySegment(FLOATS, s, values + j * ROW, LE), a);
    }
    a.intoMemorySegment(s, mean, LE);
  }

  /** Stores the weighted mean of query i at element {@code at}; zeros if it saw nothing. */
  void store(int i, MemorySegment out, long at) {
    long mean = base + MEAN + i * ROW;
    ElementLoops.scale(s, mean, sum[i] == 0.0f ? 0.0f : PortableMath.recip(sum[i]), s, mean, padded);
    Conversion.narrow(DType.F32, s, mean, headDim, out, at);
  }

  /** log(sum of e^score) of query i; -inf if it saw nothing. */
  float lse(int i) {
    return sum[i] == 0.0f ? Float.NEGATIVE_INFINITY : top[i] + PortableMath.log(sum[i]);
  }
}
