package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/** The sums of the unnormalised probabilities of rows, run by run (weigh_runs.gk), in scratch memory 2: for top_p and sample. */
final class RowWeights {
  private static final int TILE = 16; // runs of a group

  private final Launcher launcher;
  private final Windows windows;
  private final RowChunks chunks;
  private final RowRuns runs;
  private final Launch launch;
  private Buffer sums;

  RowWeights(Launcher launcher) {
    this.launcher = launcher;
    windows = new Windows(launcher);
    chunks = new RowChunks(launcher, DType.F32);
    runs = new RowRuns(launcher);
    launch = launcher.prepare("weigh_runs");
  }

  /** The most rows that {@link #find} takes. */
  long rows(long cols) {
    return Math.min(chunks.rows(cols), windows.rows(4 * RowRuns.RUNS));
  }

  /** Finds the largest elements and the sums of rows {@code first} to {@code first + rows}. */
  void find(Buffer x, long first, long rows, long cols) {
    chunks.find(x, first, rows, cols);
    sums = launcher.scratch(2, rows * RowRuns.RUNS * 4);
    for (runs.start(x, first, rows, cols); runs.next();) {
      runs.x(launch);
      chunks.best(launch, runs.row(), runs.rows());
      sums(launch, runs.row(), runs.rows());
      runs.values(launch, chunks.chunks()).groups(runs.rows() * ((runs.runs() + TILE - 1) / TILE));
    }
  }

  /** Where the largest elements are. */
  RowChunks chunks() {
    return chunks;
  }

  /** Hands on the sums of some of the rows found. */
  Launch sums(Launch launch, long row, long rows) {
    return launch.words(sums.memory(), sums.byteOffset() + row * RowRuns.RUNS * 4, rows * RowRuns.RUNS);
  }
}
