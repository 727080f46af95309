package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Layout;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.cpu.PackedLayout;
import io.gllm.kernels.cpu.scalar.Elements;
import java.lang.foreign.MemorySegment;

/**
 * The weights of a matrix product, a few rows and a stretch of k at a time as f32 rows: read where they lie if they are such rows,
 * else widened, decoded or transposed into scratch memory.
 */
final class WeightTile {
  /** Columns that are transposed together: one cache line of f32. */
  private static final int TRANSPOSED = 16;

  private final ElementType type;
  private final BlockDecoder decoder;
  private final boolean columns;
  private MemorySegment segment;
  private long start;
  private long n;
  private int k;

  /** For weights [n][k], or [k][n] if {@code columns}. */
  WeightTile(ElementType type, boolean columns) {
    this.type = type;
    this.decoder = type instanceof QuantFormat format ? BlockDecoder.of(format) : null;
    this.columns = columns;
  }

  void set(Buffer w, long n, long k) {
    boolean packed = w.layout() == Layout.PACKED;
    if (packed) {
      PackedLayout.ROWS.require(w);
    }
    this.segment = w.segment();
    this.start = packed ? PackedLayout.HEADER_BYTES : 0;
    this.n = n;
    this.k = Math.toIntExact(k);
  }

  /** Rows that are decoded together. */
  int rows() {
    return columns ? TRANSPOSED : DotTile.COLUMNS;
  }

  /** Whether {@code rows} rows can be read in place: f32 rows of whole vectors, and as many as a tile takes. */
  boolean inPlace(int rows) {
    return type == DType.F32 && !columns && k % Lanes.COUNT == 0 && rows == DotTile.COLUMNS;
  }

  MemorySegment segment() {
    return segment;
  }

  /** Byte of element {@code from} of an f32 row that is read in place. */
  long at(long row, int from) {
    return start + 4 * (row * k + from);
  }

  long rowBytes() {
    return 4L * k;
  }

  /**
   * Elements [from, from + count) of rows [row, row + rows) as floats at {@code at} of scratch memory, zero-padded to whole vectors;
   * {@link BlockDecoder#WORK} bytes are free at {@code work}.
   */
  void decode(long row, int rows, int from, int count, MemorySegment out, long at, long stride, long work) {
    if (columns) {
      transpose(row, rows, from, count, out, at, stride);
    } else if (decoder != null) {
      for (int r = 0; r < rows; r++) {
        decoder.decode(segment, start + type.bytesFor((row + r) * k + from), out, at + r * stride, count, out, work);
      }
    } else {
      for (int r = 0; r < rows; r++) {
        Conversion.widen(type, segment, start / type.blockBytes() + (row + r) * k + from, count, out, at + r * stride);
      }
    }
    for (int r = 0; r < rows; r++) {
      Conversion.fill(out, at + r * stride, count, Lanes.padded(count), 0.0f);
    }
  }

  private void transpose(long column, int columns, int from, int count, MemorySegment out, long at, long stride) {
    for (int i = 0; i < count; i++) {
      long first = (from + i) * n + column;
      for (int c = 0; c < columns; c++) {
        out.set(Lanes.FLOAT, at + c * stride + 4L * i, Elements.load(type, segment, first + c));
      }
    }
  }
}
