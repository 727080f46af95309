package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.Sampling;

/** A random token from each row: the sums of its runs, the run that the threshold falls into, the token in that run. */
final class PortableSample implements Sampling.Sample {
  private static final int GROUP = 64;
  private static final int CHOICE = 3; // words

  private final Launcher launcher;
  private final RowWeights weights;
  private final RowRuns runs;
  private final Launch chooseRun;
  private final Launch chooseToken;

  PortableSample(Launcher launcher) {
    this.launcher = launcher;
    weights = new RowWeights(launcher);
    runs = new RowRuns(launcher);
    chooseRun = launcher.prepare("sample_run");
    chooseToken = launcher.prepare("sample_token");
  }

  @Override
  public void run(Buffer x, Buffer out, long rows, long cols, long seed, int step) {
    long atOnce = weights.rows(cols);
    for (long row = 0; row < rows; row += atOnce) {
      part(x, out, row, Math.min(atOnce, rows - row), cols, seed, step);
    }
  }

  private void part(Buffer x, Buffer out, long first, long rows, long cols, long seed, int step) {
    weights.find(x, first, rows, cols);
    Buffer choice = launcher.scratch(3, rows * CHOICE * 4);
    weights.sums(chooseRun, 0, rows).words(choice.memory(), choice.byteOffset(), rows * CHOICE).part(out, first, rows);
    chooseRun.value(rows).value(RowRuns.count(cols)).bits((int) first).bits(step).bits((int) seed).bits((int) (seed >>> 32));
    chooseRun.groups((rows + GROUP - 1) / GROUP);
    for (runs.start(x, first, rows, cols); runs.next();) {
      runs.x(chooseToken);
      weights.chunks().best(chooseToken, runs.row(), runs.rows());
      chooseToken.words(choice.memory(), choice.byteOffset() + runs.row() * CHOICE * 4, runs.rows() * CHOICE);
      chooseToken.part(out, first + runs.row(), runs.rows());
      runs.values(chooseToken, weights.chunks().chunks()).groups(runs.rows());
    }
  }
}
