package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.Sampling;

/** Hides all but the nucleus of rows: the order of the whole row, the last element that stays, then element by element. */
final class PortableTopP implements Sampling.TopP {
  private static final int GROUP = 256;

  private final Launcher launcher;
  private final RowWeights weights;
  private final RowOrder order;
  private final Launch cut;
  private final Launch hide;

  PortableTopP(Launcher launcher) {
    this.launcher = launcher;
    weights = new RowWeights(launcher);
    order = new RowOrder(launcher);
    cut = launcher.prepare("top_p_cut");
    hide = launcher.prepare("top_p_hide");
  }

  @Override
  public void run(Buffer x, Buffer out, long rows, long cols, float p) {
    long atOnce = Math.min(weights.rows(cols), order.rows(cols));
    for (long row = 0; row < rows; row += atOnce) {
      part(x, out, row, Math.min(atOnce, rows - row), cols, p);
    }
  }

  private void part(Buffer x, Buffer out, long first, long rows, long cols, float p) {
    weights.find(x, first, rows, cols);
    order.find(x, first, rows, cols, cols);
    Buffer last = launcher.scratch(7, rows * 8);
    weights.chunks().best(cut, 0, rows);
    weights.sums(cut, 0, rows);
    order.tokens(order.keys(cut, rows * cols), rows * cols).words(last.memory(), last.byteOffset(), rows * 2);
    cut.value(rows).value(cols).value(weights.chunks().chunks()).value(RowRuns.count(cols)).value(p).groups(rows);
    hide.part(x, first * cols, rows * cols).words(last.memory(), last.byteOffset(), rows * 2).part(out, first * cols, rows * cols);
    hide.value(rows * cols).value(cols).groups((rows * cols + GROUP - 1) / GROUP);
  }
}
