package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;

/** The first largest element of rows: of their chunks, then of their chunks' results. */
final class PortableArgmax implements Sampling.Argmax {
  private static final int GROUP = 256;

  private final RowChunks chunks;
  private final Launch join;

  PortableArgmax(Launcher launcher, ElementType type) {
    chunks = new RowChunks(launcher, type);
    join = launcher.prepare("argmax_join");
  }

  @Override
  public void run(Buffer x, Buffer out, long rows, long cols) {
    long step = chunks.rows(cols);
    for (long row = 0; row < rows; row += step) {
      long count = Math.min(step, rows - row);
      chunks.find(x, row, count, cols);
      chunks.best(join, 0, count);
      chunks.token(join, count).part(out, row, count).value(count).value(chunks.chunks()).groups((count + GROUP - 1) / GROUP);
    }
  }
}
