package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Products of a few rows of x with four rows of w, lanes along the row, so that neither side needs packing. Every sum has one vector
 * accumulator and one order of its lanes, whatever the tile, so a result does not depend on the tile it falls into. Fused multiply-add.
 *
 * <p>4x4 needs 24 registers: 182 GFLOP/s in the cache of one Zen 5 core in 512 bits. AVX2 has 16, so eight lanes take 2x4, which
 * measured 4 to 10 % ahead of 4x4 there.
 */
final class DotTile {
  /** Rows of w in a tile. */
  static final int COLUMNS = 4;
  /** Bytes that a tile needs to add up its lanes. */
  static final long WORK = 16L * 4 * Lanes.COUNT;

  private static final boolean ENOUGH_REGISTERS = Lanes.COUNT != 8;

  private DotTile() {}

  /**
   * Adds the products of {@code rows} rows of x and four of w to sums[rows][4]. All positions and strides are in bytes; rows are
   * {@code bytes} long, a whole number of vectors. At {@code work}, in the segment of the sums, are {@link #WORK} bytes to use.
   */
  static void multiply(MemorySegment x, long xAt, long xStride, int rows, MemorySegment w, long wAt, long wStride, int bytes,
      MemorySegment sums, long sumsAt, long work) {
    int i = 0;
    if (ENOUGH_REGISTERS) {
      for (; i + 4 <= rows; i += 4) {
        four(x, xAt + i * xStride, xStride, w, wAt, wStride, bytes, sums, sumsAt + 16L * i, work);
      }
    }
    for (; i + 2 <= rows; i += 2) {
      two(x, xAt + i * xStride, xStride, w, wAt, wStride, bytes, sums, sumsAt + 16L * i, work);
    }
    if (i < rows) {
      one(x, xAt + i * xStride, w, wAt, wStride, bytes, sums, sumsAt + 16L * i, work);
    }
  }

  private static void four(MemorySegment x, long x0, long xStride, MemorySegment w, long w0, long wStride, int bytes,
      MemorySegment s, long at, long work) {
    long x1 = x0 + xStride;
    long x2 = x1 + xStride;
    long x3 = x2 + xStride;
    long w1 = w0 + wStride;
    long w2 = w1 + wStride;
    long w3 = w2 + wStride;
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c02 = zero;
    FloatVector c03 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c12 = zero;
    FloatVector c13 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c22 = zero;
    FloatVector c23 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    FloatVector c32 = zero;
    FloatVector c33 = zero;
    for (int i = 0; i < bytes; i += 4 * Lanes.COUNT) {
      FloatVector a0 = FloatVector.fromMemorySegment(FLOATS, x, x0 + i, LE);
      FloatVector a1 = FloatVector.fromMemorySegment(FLOATS, x, x1 + i, LE);
      FloatVector a2 = FloatVector.fromMemorySegment(FLOATS, x, x2 + i, LE);
      FloatVector a3 = FloatVector.fromMemorySegment(FLOATS, x, x3 + i, LE);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, w, w0 + i, LE);
      c00 = a0.fma(b, c00);
      c10 = a1.fma(b, c10);
      c20 = a2.fma(b, c20);
      c30 = a3.fma(b, c30);
      b = FloatVector.fromMemorySegment(FLOATS, w, w1 + i, LE);
      c01 = a0.fma(b, c01);
      c11 = a1.fma(b, c11);
      c21 = a2.fma(b, c21);
      c31 = a3.fma(b, c31);
      b = FloatVector.fromMemorySegment(FLOATS, w, w2 + i, LE);
      c02 = a0.fma(b, c02);
      c12 = a1.fma(b, c12);
      c22 = a2.fma(b, c22);
      c32 = a3.fma(b, c32);
      b = FloatVector.fromMemorySegment(FLOATS, w, w3 + i, LE);
      c03 = a0.fma(b, c03);
      c13 = a1.fma(b, c13);
      c23 = a2.fma(b, c23);
      c33 = a3.fma(b, c33);
    }
    c00.intoMemorySegment(s, work + 0L * Lanes.COUNT, LE);
    c01.intoMemorySegment(s, work + 4L * Lanes.COUNT, LE);
    c02.intoMemorySegment(s, work + 8L * Lanes.COUNT, LE);
    c03.intoMemorySegment(s, work + 12L * Lanes.COUNT, LE);
    c10.intoMemorySegment(s, work + 16L * Lanes.COUNT, LE);
    c11.intoMemorySegment(s, work + 20L * Lanes.COUNT, LE);
    c12.intoMemorySegment(s, work + 24L * Lanes.COUNT, LE);
    c13.intoMemorySegment(s, work + 28L * Lanes.COUNT, LE);
    c20.intoMemorySegment(s, work + 32L * Lanes.COUNT, LE);
    c21.intoMemorySegment(s, work + 36L * Lanes.COUNT, LE);
    c22.intoMemorySegment(s, work + 40L * Lanes.COUNT, LE);
    c23.intoMemorySegment(s, work + 44L * Lanes.COUNT, LE);
    c30.intoMemorySegment(s, work + 48L * Lanes.COUNT, LE);
    c31.intoMemorySegment(s, work + 52L * Lanes.COUNT, LE);
    c32.intoMemorySegment(s, work + 56L * Lanes.COUNT, LE);
    c33.intoMemorySegment(s, work + 60L * Lanes.COUNT, LE);
    addSums(s, work, 16, at);
  }

  private static void two(MemorySegment x, long x0, long xStride, MemorySegment w, long w0, long wStride, int bytes,
      MemorySegment s, long at, long work) {
    long x1 = x0 + xStride;
    long w1 = w0 + wStride;
    long w2 = w1 + wStride;
    long w3 = w2 + wStride;
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c02 = zero;
    FloatVector c03 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c12 = zero;
    FloatVector c13 = zero;
    for (int i = 0; i < bytes; i += 4 * Lanes.COUNT) {
      FloatVector a0 = FloatVector.fromMemorySegment(FLOATS, x, x0 + i, LE);
      FloatVector a1 = FloatVector.fromMemorySegment(FLOATS, x, x1 + i, LE);
      FloatVector b = FloatVector.fromMemorySegment(FLOATS, w, w0 + i, LE);
      c00 = a0.fma(b, c00);
      c10 = a1.fma(b, c10);
      b = FloatVector.fromMemorySegment(FLOATS, w, w1 + i, LE);
      c01 = a0.fma(b, c01);
      c11 = a1.fma(b, c11);
      b = FloatVector.fromMemorySegment(FLOATS, w, w2 + i, LE);
      c02 = a0.fma(b, c02);
      c12 = a1.fma(b, c12);
      b = FloatVector.fromMemorySegment(FLOATS, w, w3 + i, LE);
      c03 = a0.fma(b, c03);
      c13 = a1.fma(b, c13);
    }
    c00.intoMemorySegment(s, work + 0L * Lanes.COUNT, LE);
    c01.intoMemorySegment(s, work + 4L * Lanes.COUNT, LE);
    c02.intoMemorySegment(s, work + 8L * Lanes.COUNT, LE);
    c03.intoMemorySegment(s, work + 12L * Lanes.COUNT, LE);
    c10.intoMemorySegment(s, work + 16L * Lanes.COUNT, LE);
    c11.intoMemorySegment(s, work + 20L * Lanes.COUNT, LE);
    c12.intoMemorySegment(s, work + 24L * Lanes.COUNT, LE);
    c13.intoMemorySegment(s, work + 28L * Lanes.COUNT, LE);
    addSums(s, work, 8, at);
  }

  private static void one(MemorySegment x, long x0, MemorySegment w, long w0, long wStride, int bytes, MemorySegment s, long at,
      long work) {
    long w1 = w0 + wStride;
    long w2 = w1 + wStride;
    long w3 = w2 + wStride;
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector c0 = zero;
    FloatVector c1 = zero;
    FloatVector c2 = zero;
    FloatVector c3 = zero;
    for (int i = 0; i < bytes; i += 4 * Lanes.COUNT) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, x, x0 + i, LE);
      c0 = a.fma(FloatVector.fromMemorySegment(FLOATS, w, w0 + i, LE), c0);
      c1 = a.fma(FloatVector.fromMemorySegment(FLOATS, w, w1 + i, LE), c1);
      c2 = a.fma(FloatVector.fromMemorySegment(FLOATS, w, w2 + i, LE), c2);
      c3 = a.fma(FloatVector.fromMemorySegment(FLOATS, w, w3 + i, LE), c3);
    }
    c0.intoMemorySegment(s, work + 0L * Lanes.COUNT, LE);
    c1.intoMemorySegment(s, work + 4L * Lanes.COUNT, LE);
    c2.intoMemorySegment(s, work + 8L * Lanes.COUNT, LE);
    c3.intoMemorySegment(s, work + 12L * Lanes.COUNT, LE);
    addSums(s, work, 4, at);
  }

  /** Copies four sums. Not by a vector of four: one of another length than {@link Lanes#FLOATS} is at times left on the heap. */
  static void copyFour(MemorySegment s, long from, long to) {
    for (int i = 0; i < COLUMNS; i++) {
      s.set(Lanes.FLOAT, to + 4L * i, s.get(Lanes.FLOAT, from + 4L * i));
    }
  }

  /** Adds the sums over the lanes of {@code count} vectors to as many floats. */
  private static void addSums(MemorySegment s, long work, int count, long at) {
    Lanes.sumEach(s, work, count);
    for (int i = 0; i < count; i++) {
      s.set(Lanes.FLOAT, at + 4L * i, s.get(Lanes.FLOAT, at + 4L * i) + s.get(Lanes.FLOAT, work + 4L * i));
    }
  }
}
