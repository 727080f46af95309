package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;

/**
 * Up to four rows of A and weights as they lie in memory: the weights are read once, at memory speed, which packing them first
 * could not be. Threads take columns of the result.
 */
final class GemmInPlace implements ThreadTeam.Task {
  /** Rows that the entries are made for. */
  static final int MOST_ROWS = 4;

  private final GemmCode code;
  private final CpuContext context;
  private final GemmProduct p;
  private final GemmStep[] steps;
  private long rows;
  private long sums;

  GemmInPlace(GemmCode code, CpuContext context, GemmProduct product) {
    this.code = code;
    this.context = context;
    this.p = product;
    this.steps = GemmStep.forThreads(context.team().size());
  }

  void run() {
    boolean inRuns = p.ordered() && p.byRows();
    long stride = code.rowFloats(p.k(), inRuns) * Float.BYTES;
    rows = context.scratch().require(p.m() * (stride + p.n() * Float.BYTES) + 64).address();
    for (long row = 0; row < p.m(); row++) {
      code.prepareRow(inRuns, p.a(row, 0), p.aType(), rows + row * stride, p.k());
    }
    sums = p.sumsInC() ? p.c(0, 0) : (rows + p.m() * stride + 63) / 64 * 64;
    context.run(this, p.work());
  }

  @Override
  public void run(int part, int parts) {
    GemmStep step = steps[part].product(p).size(p.m(), p.n(), p.k()).operands(p.a(0, 0), p.b(0, 0)).packedA(rows);
    step.sums(sums, p.n()).output(p.c(0, 0), p.bias(0)).pass(false, p.finishes());
    long from = NativeKernels.start(p.n(), part, parts);
    long to = NativeKernels.start(p.n(), part + 1, parts);
    long bytes = (to - from) * p.k() * GemmProduct.bytes(p.bType());
    if (p.byRows()) {
      code.rows(step, from, to, bytes);
    } else {
      code.columns(step, from, to, bytes);
    }
  }
}
