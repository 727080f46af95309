package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.Elements;
import io.gllm.kernels.cpu.scalar.PortableMath;
import java.lang.foreign.MemorySegment;

/**
 * Every matrix product, for plain and quantised weights. Activations are widened once into scratch memory, [stretch of k][row], then
 * threads share the columns; each takes the weights tile by tile and multiplies them with all rows of the block. An element is
 * summed over stretches of 1024 in order, each stretch by {@link DotTile}, so it does not depend on m, n or the number of threads.
 */
final class VectorMatMul
    implements
      MatMul.Gemv,
      MatMul.GemmBias,
      MatMul.GemmBiasAct,
      QuantMatMul.Kernel,
      ThreadTeam.Task {
  /** Elements of k that are multiplied at a time: four rows of weights and of activations are 32 KB. */
  private static final int STRETCH = 1024;
  /** Floats between two rows of a stretch: one cache line more, so that rows do not fall into the same cache sets. */
  private static final int ROW = STRETCH + 16;
  /** Activation rows of a block: a stretch of them is half a megabyte. */
  private static final int ROWS = 128;
  /** Columns whose sums are kept while k passes, from this many rows on; below, one tile of weights is read to its end. */
  private static final int COLUMNS = 256;
  private static final int MANY_ROWS = 16;
  private static final long WORK = Math.max(DotTile.WORK, BlockDecoder.WORK);

  private final CpuContext context;
  private final WeightTile weights;
  private MemorySegment scratch;
  private Buffer bias;
  private Activation activation;
  private Buffer c;
  private long first;
  private int m;
  private long n;
  private int k;

  /** For weights [n][k], or [k][n] if {@code columns}. */
  VectorMatMul(CpuContext context, ElementType type, boolean columns) {
    this.context = context;
    this.weights = new WeightTile(type, columns);
  }

  @Override
  public void run(Buffer a, Buffer x, Buffer y, long m, long n) {
    multiply(x, a, null, Activation.NONE, y, 1, m, n);
  }

  /** gemm, gemm_bt and gemm_prepacked. */
  void gemm(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    multiply(a, b, null, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k) {
    multiply(a, b, bias, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    multiply(a, b, bias, activation, c, m, n, k);
  }

  @Override
  public void run(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    multiply(x, w, null, Activation.NONE, y, m, n, k);
  }

  private void multiply(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    weights.set(b, n, k);
    this.bias = bias;
    this.activation = activation;
    this.c = c;
    this.n = n;
    this.k = Math.toIntExact(k);
    for (first = 0; first < m; first += ROWS) {
      this.m = (int) Math.min(ROWS, m - first);
      scratch = context.scratch().require(activationBytes() + context.team().size() * workspaceBytes());
      loadActivations(a);
      context.run(this, 2 * this.m * n * k);
    }
  }

  private long activationBytes() {
    return 4L * ROW * m * ((k + STRETCH - 1) / STRETCH);
  }

  /** Work of a product tile or a decoder, a tile of weights, then the sums of a block of columns. */
  private long workspaceBytes() {
    return WORK + 4L * ROW * weights.rows() + 4L * m * columns();
  }

  private int columns() {
    return m >= MANY_ROWS ? COLUMNS : weights.rows();
  }

  private void loadActivations(Buffer a) {
    long to = 0;
    for (int from = 0; from < k; from += STRETCH) {
      int count = Math.min(STRETCH, k - from);
      for (int i = 0; i < m; i++) {
        long at = (first + i) * k + from;
        if (a.type() instanceof QuantFormat format) {
          BlockDecoder.of(format).decode(a.segment(), format.bytesFor(at), scratch, to, count, scratch, activationBytes());
        } else {
          Conversion.widen(a.type(), a.segment(), at, count, scratch, to);
        }
        Conversion.fill(scratch, to, count, Lanes.padded(count), 0.0f);
        to += 4L * ROW;
      }
    }
  }

  @Override
  public void run(int part, int parts) {
    int step = weights.rows();
    long tiles = (n + step - 1) / step;
    long end = Math.min(n, CpuContext.start(tiles, part + 1, parts) * step);
    long workspace = activationBytes() + part * workspaceBytes();
    for (long j = CpuContext.start(tiles, part, parts) * step; j < end; j += columns()) {
      block(j, (int) Math.min(columns(), end - j), workspace);
    }
  }

  private void block(long column, int columns, long workspace) {
    long sums = workspace + WORK + 4L * ROW * weights.rows();
    Conversion.fill(scratch, sums, 0, m * (columns + DotTile.COLUMNS - 1 & -DotTile.COLUMNS), 0.0f);
    for (int from = 0; from < k; from += STRETCH) {
      for (int j = 0; j < columns; j += weights.rows()) {
        tile(column + j, Math.min(weights.rows(), columns - j), from, workspace, sums + 4L * m * j);
      }
    }
    store(column, columns, sums);
  }

  /** One tile of weights times all rows, over one stretch. */
  private void tile(long column, int columns, int from, long workspace, long sums) {
    int count = Math.min(STRETCH, k - from);
    int bytes = 4 * Lanes.padded(count);
    long x = 4L * ROW * m * (from / STRETCH);
    if (weights.inPlace(columns)) {
      DotTile.multiply(scratch, x, 4L * ROW, m, weights.segment(), weights.at(column, from), weights.rowBytes(), bytes, scratch, sums,
          workspace);
      return;
    }
    long decoded = workspace + WORK;
    weights.decode(column, columns, from, count, scratch, decoded, 4L * ROW, workspace);
    for (int j = 0; j < columns; j += DotTile.COLUMNS) {
      DotTile.multiply(scratch, x, 4L * ROW, m, scratch, decoded + 4L * ROW * j, 4L * ROW, bytes, scratch, sums + 4L * m * j, workspace);
    }
  }

  /** Sums are [columns / 4][m][4]. */
  private void store(long column, int columns, long sums) {
    MemorySegment out = c.segment();
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < columns; j++) {
        long at = sums + 4L * ((long) (j / 4) * m * 4 + i * 4 + j % 4);
        Elements.store(c.type(), out, (first + i) * n + column + j, finish(scratch.get(Lanes.FLOAT, at), column + j));
      }
    }
  }

  private float finish(float v, long column) {
    float biased = bias == null ? v : v + Elements.f32(bias.segment(), column);
    return switch (activation) {
      case NONE -> biased;
      case RELU -> PortableMath.relu(biased);
      case SILU -> PortableMath.silu(biased);
      case GELU -> PortableMath.gelu(biased);
    };
  }
}
