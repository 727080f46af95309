package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.Sampling;

/** The largest elements of rows: the order of their first ones, then their values. */
final class PortableTopK implements Sampling.TopK {
  private static final int GROUP = 256;

  private final RowOrder order;
  private final Launch store;

  PortableTopK(Launcher launcher) {
    order = new RowOrder(launcher);
    store = launcher.prepare("top_k_store");
  }

  @Override
  public void run(Buffer x, Buffer values, Buffer indices, long rows, long cols, int k) {
    long atOnce = order.rows(cols);
    for (long row = 0; row < rows; row += atOnce) {
      long count = Math.min(atOnce, rows - row);
      order.find(x, row, count, cols, k);
      order.tokens(store.part(x, row * cols, count * cols), count * k).part(values, row * k, count * k).part(indices, row * k, count * k);
      store.value(count * k).value(cols).value(k).groups((count * k + GROUP - 1) / GROUP);
    }
  }
}
