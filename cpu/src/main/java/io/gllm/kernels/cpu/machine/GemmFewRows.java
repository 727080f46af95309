package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;

/**
 * Some rows of A: the weights come from memory and must pass once, so all of A is packed first, and each panel of B is multiplied
 * with all of it, piece by piece, the sums in a place that stays in L1. Weights that are not packed yet are packed panel by panel
 * into a place that stays in L2. Threads take panels of B.
 */
final class GemmFewRows implements ThreadTeam.Task {
  /** Tiles of rows up to which this form is the better one; packed weights, 10 tiles: 91 instead of 85 % of the FMA peak. */
  private static final int MOST_TILES = 8;
  private static final int MOST_TILES_PACKED = 16;

  /** Depth of a pass over weights that are packed on the way: a panel of 2048 x 32 floats is a quarter of L2. */
  private static final long DEPTH = 2048;

  private final GemmCode code;
  private final CpuContext context;
  private final GemmProduct p;
  private final GemmStep[] steps;
  private boolean packing;
  private long depth;
  private long panelsOfA;
  private long places;
  private long placeBytes;

  GemmFewRows(GemmCode code, CpuContext context, GemmProduct product) {
    this.code = code;
    this.context = context;
    this.p = product;
    this.steps = GemmStep.forThreads(context.team().size());
  }

  /** Whether this form is the better one for the product. */
  boolean fits() {
    return p.m() <= (p.packed() ? MOST_TILES_PACKED : MOST_TILES) * code.tileRows();
  }

  void run() {
    depth = p.packed() ? p.k() : Math.min(p.k(), DEPTH);
    long bytesOfA = (p.m() * p.k() * Float.BYTES + 63) / 64 * 64;
    placeBytes = (p.packed() ? p.m() : depth + (keepsSums() ? p.m() : 0)) * code.tileColumns() * Float.BYTES;
    panelsOfA = context.scratch().require(bytesOfA + steps.length * placeBytes).address();
    places = panelsOfA + bytesOfA;
    packing = true;
    context.run(this, NativeKernels.work(p.m() * p.k() * Float.BYTES));
    packing = false;
    context.run(this, p.work());
  }

  /** Whether sums of several passes need a place of their own, since C cannot hold them. */
  private boolean keepsSums() {
    return depth < p.k() && !p.sumsInC();
  }

  @Override
  public void run(int part, int parts) {
    GemmStep step = steps[part].product(p);
    if (packing) {
      packRows(step, CpuContext.start(code.rowPanels(p.m()), part, parts), CpuContext.start(code.rowPanels(p.m()), part + 1, parts));
      return;
    }
    long panels = code.columnPanels(p.n());
    long from = CpuContext.start(panels, part, parts);
    long to = CpuContext.start(panels, part + 1, parts);
    step.output(p.c(0, 0), p.bias(0)).sums(p.sumsInC() ? p.c(0, 0) : 0, p.n());
    if (p.packed()) {
      step.size(p.m(), p.n(), p.k()).packedA(panelsOfA).packedB(p.packedB(0, 0, code.tileColumns()), p.bType(), panelBytes());
      step.pass(false, p.finishes()).place(places + part * placeBytes);
      code.block(step, 0, code.rowPanels(p.m()), from, to, 0, p.k());
      return;
    }
    for (long panel = from; panel < to; panel++) {
      packAndMultiply(step, panel, places + part * placeBytes);
    }
  }

  private long panelBytes() {
    return p.k() * code.tileColumns() * GemmProduct.bytes(p.bType());
  }

  /** Each pass has its own panels of A, one pass after the other. */
  private void packRows(GemmStep step, long from, long to) {
    long at = 0;
    do {
      long deep = Math.min(depth, p.k() - at);
      step.size(p.m(), p.n(), deep).operands(p.a(0, at), p.b(0, 0)).packedA(panelsOfA + at * p.m() * Float.BYTES);
      code.packA(step, from, to);
      at += depth;
    } while (at < p.k());
  }

  private void packAndMultiply(GemmStep step, long panel, long place) {
    if (keepsSums()) {
      long column = panel * code.tileColumns() * Float.BYTES;
      step.sums(place + depth * code.tileColumns() * Float.BYTES - column, code.tileColumns());
    }
    long at = 0;
    do {
      long deep = Math.min(depth, p.k() - at);
      step.size(p.m(), p.n(), deep).operands(p.a(0, at), p.b(0, at)).packedA(panelsOfA + at * p.m() * Float.BYTES);
      step.packedB(place, p.pairs() ? p.bType() : 0, 0).pass(at > 0, p.finishes() && at + depth >= p.k());
      code.packB(step, panel, panel + 1, true);
      code.block(step, 0, code.rowPanels(p.m()), panel, panel + 1, 0, deep);
      at += depth;
    } while (at < p.k());
  }
}
