package io.gllm.kernels.cuda.ptx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/** Operands for the tests of opcodes: the edges of a width with each other, and random ones. */
final class Values {
  private static final long[] FLOAT_EDGES = {0, 0x80000000L, 1, 0x80000001L, 0x7fffffL, 0x800000L, 0x3f800000L, 0xbf800000L, 0x3f000000L,
    0x40200000L, 0xc0200000L, 0x3fc00000L, 0x4b000001L, 0x4effffffL, 0x4f000000L, 0xcf000000L, 0x4f7fffffL, 0x4f800000L,
    0x5f000000L, 0x7f7fffffL, 0x7f800000L, 0xff800000L, 0x7fc00000L, 0x7f800001L, 0x3effffffL, 0x33000000L, 0x477fe000L,
    0x477ff000L, 0x38800000L, 0x387fc000L, 0x33800000L, 0x42fe0000L};

  private Values() {}

  /** {@code count} lists that hold every combination of edges, then random values; their length is a multiple of 32. */
  static long[][] of(int count, int... widths) {
    long[][] edges = new long[count][];
    for (int i = 0; i < count; i++) {
      edges[i] = edges(widths[Math.min(i, widths.length - 1)]);
    }
    return combinations(edges, widths);
  }

  static long[][] floats(int count) {
    long[][] edges = new long[count][];
    Arrays.fill(edges, count > 2 ? LongStream.of(FLOAT_EDGES).limit(24).toArray() : FLOAT_EDGES);
    return combinations(edges, 32);
  }

  /** Fields and shifts: amounts around the width. */
  static long[] amounts() {
    return new long[]{0, 1, 5, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 0xffffffffL};
  }

  static long[][] combinations(long[][] edges, int... widths) {
    List<long[]> rows = new ArrayList<>();
    combine(edges, 0, new long[edges.length], rows);
    Random random = new Random(1);
    while (rows.size() % 32 != 0 || rows.size() < 1024) {
      long[] row = new long[edges.length];
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextLong() >>> 64 - widths[Math.min(i, widths.length - 1)];
      }
      rows.add(row);
    }
    long[][] columns = new long[edges.length][];
    for (int i = 0; i < columns.length; i++) {
      int column = i;
      columns[i] = rows.stream().mapToLong(r -> r[column]).toArray();
    }
    return columns;
  }

  private static void combine(long[][] edges, int i, long[] row, List<long[]> rows) {
    if (i == edges.length) {
      rows.add(row.clone());
      return;
    }
    for (long v : edges[i]) {
      row[i] = v;
      combine(edges, i + 1, row, rows);
    }
  }

  private static long[] edges(int width) {
    long top = 1L << width - 1;
    long ones = width == 64 ? -1 : (1L << width) - 1;
    return width == 1 ? new long[]{0, 1} : new long[]{0, 1, 2, 3, 7, top - 1, top, top + 1, ones - 1, ones, 0x1234_5678_9abc_def1L & ones};
  }
}
