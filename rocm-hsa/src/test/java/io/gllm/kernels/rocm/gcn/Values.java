package io.gllm.kernels.rocm.gcn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/** Operands for the tests of opcodes: edges with each other, and random ones. Their number is a multiple of 64. */
final class Values {
  private static final long[] WORDS = {0, 1, 2, 3, 31, 32, 33, 0x7fff, 0x8000, 0xffff, 0xffffff, 0x1000000, 0x7fffffffL, 0x80000000L,
    0x80000001L, 0xfffffffeL, 0xffffffffL, 0x12345678, 0x9abcdef0L};
  private static final long[] FLOATS = {0, 0x80000000L, 1, 0x80000001L, 0x7fffff, 0x800000, 0x3f800000, 0xbf800000L, 0x3f000000, 0x40200000,
    0xc0200000L, 0x4b000001, 0x4effffff, 0x4f000000, 0xcf000000L, 0x4f7fffff, 0x4f800000, 0x7f7fffff, 0x7f800000, 0xff800000L, 0x7fc00000};
  private static final long[] HALVES = {0, 0x8000, 1, 0x8001, 0x3ff, 0x400, 0x3c00, 0xbc00, 0x3555, 0x7bff, 0x7c00, 0xfc00, 0x7e00};
  private static final long[] DOUBLES = {0, 1, 0xffffffffL, 0x100000000L, 0x8000000000000000L, -1, 0x123456789abcdef0L};

  private Values() {}

  static long[][] words(int count) {
    return of(count, WORDS, 32);
  }

  static long[][] floats(int count) {
    return of(count, FLOATS, 32);
  }

  static long[][] halves(int count) {
    return of(count, HALVES, 16);
  }

  static long[][] doubles(int count) {
    return of(count, DOUBLES, 64);
  }

  private static long[][] of(int count, long[] edges, int bits) {
    List<long[]> rows = new ArrayList<>();
    combine(count > 2 ? Arrays.copyOf(edges, Math.min(13, edges.length)) : edges, 0, new long[count], rows);
    Random random = new Random(1);
    while (rows.size() % 64 != 0 || rows.size() < 512) {
      rows.add(LongStream.generate(() -> random.nextLong() >>> 64 - bits).limit(count).toArray());
    }
    long[][] columns = new long[count][];
    for (int i = 0; i < count; i++) {
      int column = i;
      columns[i] = rows.stream().mapToLong(row -> row[column]).toArray();
    }
    return columns;
  }

  private static void combine(long[] edges, int i, long[] row, List<long[]> rows) {
    if (i == row.length) {
      rows.add(row.clone());
      return;
    }
    for (long value : edges) {
      row[i] = value;
      combine(edges, i + 1, row, rows);
    }
  }
}
