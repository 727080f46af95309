package io.gllm.kernels.vulkan;

import java.util.Map;
import java.util.TreeMap;

/**
 * Divides a range of bytes. Takes the smallest free range that fits, and joins free neighbours, so that a block that is free again is
 * one range again. Sizes are multiples of {@link #GRANULE}, so every range starts at one.
 */
final class Suballocator {
  /** Alignment of every range, at least what any device asks of a storage buffer. */
  static final int GRANULE = 256;

  private final long size;
  private final TreeMap<Long, Long> free = new TreeMap<>();

  /** All of {@code size} bytes are free. */
  Suballocator(long size) {
    requireGranules(size);
    this.size = size;
    free.put(0L, size);
  }

  /** {@code bytes} rounded up to granules. */
  static long round(long bytes) {
    return bytes + GRANULE - 1 & -GRANULE;
  }

  private static void requireGranules(long bytes) {
    if (bytes <= 0 || bytes % GRANULE != 0) {
      throw new IllegalArgumentException(bytes + " bytes are no whole number of granules of " + GRANULE);
    }
  }

  /** Offset of {@code bytes} bytes that are free no longer, or -1 if no free range is long enough. */
  long take(long bytes) {
    requireGranules(bytes);
    Map.Entry<Long, Long> best = null;
    for (Map.Entry<Long, Long> range : free.entrySet()) {
      if (range.getValue() >= bytes && (best == null || range.getValue() < best.getValue())) {
        best = range;
      }
    }
    if (best == null) {
      return -1;
    }
    long offset = best.getKey();
    long rest = best.getValue() - bytes;
    free.remove(offset);
    if (rest > 0) {
      free.put(offset + bytes, rest);
    }
    return offset;
  }

  /**
   * Gives a range back.
   *
   * @throws IllegalArgumentException if a part of it is free already or lies outside
   */
  void give(long offset, long bytes) {
    requireGranules(bytes);
    Map.Entry<Long, Long> before = free.floorEntry(offset);
    Map.Entry<Long, Long> after = free.ceilingEntry(offset);
    boolean overlaps = before != null && before.getKey() + before.getValue() > offset || after != null && after.getKey() < offset + bytes;
    if (offset < 0 || offset % GRANULE != 0 || offset > size - bytes || overlaps) {
      throw new IllegalArgumentException("range " + offset + "+" + bytes + " was not taken");
    }
    long start = offset;
    long length = bytes;
    if (before != null && before.getKey() + before.getValue() == offset) {
      start = before.getKey();
      length += before.getValue();
    }
    if (after != null && after.getKey() == offset + bytes) {
      free.remove(after.getKey());
      length += after.getValue();
    }
    free.put(start, length);
  }

  /** Whether nothing is taken. */
  boolean isUnused() {
    return free.getOrDefault(0L, 0L) == size;
  }
}
