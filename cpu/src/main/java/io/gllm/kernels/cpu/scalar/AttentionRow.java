package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.ElementType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention of one query over keys that come in tiles of 16 with an online softmax, in the order of paged_attention.gk: a score is
 * the sum of eight partial products. Spans of 1024 keys leave (unscaled mean, top, sum), joined one after the other, so that a GPU may
 * work on spans side by side. Keys with a score of -inf are passed over. One instance for each thread.
 */
final class AttentionRow {
  static final int TILE = 16;
  static final int TEAM = 8;
  static final int SPAN = 1024;

  private final ElementType type;
  private final float[] query = new float[256];
  private final float[] mean = new float[256];
  private final float[] joined = new float[256];
  private final float[] score = new float[TILE];
  private final float[] part = new float[TEAM];
  private int headDim;
  private float top;
  private float sum;
  private float joinedTop;
  private float joinedSum;

  /** Where the keys and values of a query lie. */
  interface Keys {
    /** Index of the first element of token {@code t} in the key and value buffers. */
    long at(long t);

    /** What is added to the score of token {@code t}. */
    float mask(long t);
  }

  AttentionRow(ElementType type) {
    this.type = type;
  }

  /** Attends to the first {@code count} keys; the result is read with {@link #store} and {@link #lse}. */
  void attend(MemorySegment q, long qAt, int headDim, float scale, MemorySegment k, MemorySegment v, long count, Keys keys) {
    this.headDim = headDim;
    for (int i = 0; i < headDim; i++) {
      query[i] = Elements.f32(q, qAt + i) * scale;
      joined[i] = 0.0f;
    }
    joinedTop = Float.NEGATIVE_INFINITY;
    joinedSum = 0.0f;
    if (count <= SPAN) {
      span(k, v, 0, count, keys);
      System.arraycopy(mean, 0, joined, 0, headDim);
      joinedTop = top;
      joinedSum = sum;
      return;
    }
    for (long from = 0; from < count; from += SPAN) {
      span(k, v, from, Math.min(count, from + SPAN), keys);
      join();
    }
  }

  /** Stores the weighted mean of the values; zeros if nothing was seen. */
  void store(MemorySegment out, long at) {
    float inverse = joinedSum == 0.0f ? 0.0f : PortableMath.recip(joinedSum);
    for (int i = 0; i < headDim; i++) {
      Elements.f32(out, at + i, joined[i] * inverse);
    }
  }

  /** log(sum of e^score); -inf if nothing was seen. */
  float lse() {
    return joinedSum == 0.0f ? Float.NEGATIVE_INFINITY : joinedTop + PortableMath.log(joinedSum);
  }

  private void span(MemorySegment k, MemorySegment v, long from, long to, Keys keys) {
    top = Float.NEGATIVE_INFINITY;
    sum = 0.0f;
    Arrays.fill(mean, 0, headDim, 0.0f);
    for (long first = from; first < to; first += TILE) {
      tile(k, v, first, (int) Math.min(TILE, to - first), keys);
    }
  }

  private void tile(MemorySegment k, MemorySegment v, long first, int count, Keys keys) {
    float next = top;
    for (int i = 0; i < count; i++) {
      score[i] = dot(k, keys.at(first + i)) + keys.mask(first + i);
      next = score[i] > next ? score[i] : next;
    }
    float base = next == Float.NEGATIVE_INFINITY ? 0.0f : next;
    rescale(PortableMath.exp(top - base));
    top = next;
    for (int i = 0; i < count; i++) {
      if (score[i] != Float.NEGATIVE_INFINITY) {
        accumulate(PortableMath.exp(score[i] - base), v, keys.at(first + i));
      }
    }
  }

  private void rescale(float keep) {
    sum = sum * keep;
    for (int i = 0; i < headDim; i++) {
      mean[i] = mean[i] * keep;
    }
  }

  private void accumulate(float weight, MemorySegment v, long at) {
    sum = sum + weight;
    for (int i = 0; i < headDim; i++) {
      mean[i] = PortableMath.mad(weight, Elements.load(type, v, at + i), mean[i]);
    }
  }

  /** Thread j of a team of eight takes pairs of elements j, j + 8, ...; their sums are added in order. */
  private float dot(MemorySegment k, long at) {
    Arrays.fill(part, 0.0f);
    for (int i = 0; i < headDim; i++) {
      int member = i / 2 % TEAM;
      part[member] = PortableMath.mad(query[i], Elements.load(type, k, at + i), part[member]);
    }
    float s = 0.0f;
    for (int j = 0; j < TEAM; j++) {
      s = s + part[j];
    }
    return s;
  }

  /** Adds a span to what was joined before; both sides are brought to the larger top. */
  private void join() {
    float next = top > joinedTop ? top : joinedTop;
    float base = next == Float.NEGATIVE_INFINITY ? 0.0f : next;
    float keep = PortableMath.exp(joinedTop - base);
    float add = PortableMath.exp(top - base);
    joinedSum = PortableMath.mad(sum, add, joinedSum * keep);
    for (int i = 0; i < headDim; i++) {
      joined[i] = PortableMath.mad(mean[i], add, joined[i] * keep);
    }
    joinedTop = next;
  }
}
