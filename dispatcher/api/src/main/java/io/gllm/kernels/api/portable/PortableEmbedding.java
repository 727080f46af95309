package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Embedding;

/** Rows of a table by their ids (embedding.gk), in windows of the table's rows and of the result's. */
final class PortableEmbedding implements Embedding.Kernel {
  private static final int GROUP_ELEMENTS = 64 * 16;
  private static final long MOST_ROWS = 65535;

  private final Launcher launcher;
  private final ElementType type;
  private final Windows windows;
  private final Launch launch;
  private final DeviceTable grid;

  PortableEmbedding(Launcher launcher, ElementType type) {
    this.launcher = launcher;
    this.type = type;
    windows = new Windows(launcher);
    launch = launcher.prepare("embedding_" + type.label());
    grid = new DeviceTable(launcher, type);
  }

  @Override
  public void run(Buffer table, Buffer ids, Buffer out, long count, long rows, long dim) {
    grid.load();
    long rowBytes = type.bytesFor(dim);
    windows.rows("count", 4 * count);
    long tableStep = windows.rows("dim", rowBytes);
    long step = Math.min(windows.rows("dim", 4 * dim), MOST_ROWS);
    int chunks = (int) Math.max(1, (dim + GROUP_ELEMENTS - 1) / GROUP_ELEMENTS);
    for (long i = 0; i < count; i += step) {
      long results = Math.min(step, count - i);
      long from = 0;
      do { // at least once: the kernel checks the ids
        long to = Math.min(rows, from + tableStep);
        Unaligned.bind(launch, table, from * rowBytes, (to - from) * rowBytes);
        grid.bind(launch);
        launch.part(ids, 0, count).part(out, i * dim, results * dim).buffer(launcher.faults());
        launch.value(count).value(rows).value(i).value(from).value(to).value(dim);
        launch.value(Unaligned.lateElements(table, from * rowBytes)).grid(chunks, (int) results, 1);
        from = to;
      } while (from < rows);
    }
  }
}
