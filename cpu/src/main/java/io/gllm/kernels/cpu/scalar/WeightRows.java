package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Layout;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.cpu.PackedLayout;
import io.gllm.kernels.cpu.format.BlockFormat;
import java.lang.foreign.MemorySegment;

/** The weights of a matrix product as rows of f32: row-major, column-major, packed, or in quantised blocks. */
final class WeightRows {
  private final ElementType type;
  private final BlockFormat blocks;
  private MemorySegment segment;
  private long start;
  private boolean columns;
  private long n;
  private int k;

  WeightRows(ElementType type) {
    this.type = type;
    this.blocks = type instanceof QuantFormat format ? BlockFormat.of(format) : null;
  }

  /** Sets the matrix: [n][k], or [k][n] if {@code columns}. */
  void set(Buffer w, long n, long k, boolean columns) {
    boolean packed = w.layout() == Layout.PACKED;
    if (packed) {
      PackedLayout.ROWS.require(w);
    }
    this.segment = w.segment();
    this.start = packed ? PackedLayout.HEADER_BYTES : 0;
    this.columns = columns;
    this.n = n;
    this.k = Math.toIntExact(k);
  }

  int k() {
    return k;
  }

  /** Decodes row {@code row} into {@code out}. */
  void row(long row, float[] out) {
    if (blocks != null) {
      blocks.decodeRow(segment, start + row * type.bytesFor(k), out, k);
      return;
    }
    long first = start / type.blockBytes();
    for (int i = 0; i < k; i++) {
      out[i] = Elements.load(type, segment, first + (columns ? i * n + row : row * k + i));
    }
  }
}
