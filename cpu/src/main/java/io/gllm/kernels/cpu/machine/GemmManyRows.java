package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;

/**
 * Many rows of A: a block of B is packed by all threads into L3, then each thread takes panels of A and multiplies them with it.
 * Depth 1024 and 2048 columns, measured: 93 % of the FMA peak from 512 on; a quarter of the depth 88 %, half the columns 90 %. The
 * passes depend on the shape alone, and so do the sums.
 */
final class GemmManyRows implements ThreadTeam.Task {
  private static final long DEPTH = 1024;
  private static final long COLUMNS = 2048;

  /** Rows at a time where the sums of several passes cannot lie in C. */
  private static final long ROWS = 2048;

  /** A pass starts at whole runs, which ordered sums need. */
  private static final long RUN = 32;

  private final GemmCode code;
  private final CpuContext context;
  private final GemmProduct p;
  private final GemmStep[] steps;
  private boolean packing;
  private boolean keepsSums;
  private long blockOfB;
  private long panelsOfA;
  private long sums;
  private long firstRow;
  private long rows;
  private long firstColumn;
  private long columns;
  private long at;
  private long deep;

  GemmManyRows(GemmCode code, CpuContext context, GemmProduct product) {
    this.code = code;
    this.context = context;
    this.p = product;
    this.steps = GemmStep.forThreads(context.team().size());
  }

  void run() {
    long most = p.pairs() ? 2 * DEPTH : DEPTH;
    long passes = Math.max(1, (p.k() + most - 1) / most);
    long depth = passes == 1 ? p.k() : (p.k() / passes + RUN - 1) / RUN * RUN;
    long width = COLUMNS / code.tileColumns() * code.tileColumns();
    keepsSums = depth < p.k() && !p.sumsInC();
    long height = keepsSums ? Math.min(p.m(), ROWS) : p.m();
    place(depth, Math.min(width, code.columnPanels(p.n()) * code.tileColumns()), height);
    for (firstRow = 0; firstRow < p.m(); firstRow += height) {
      rows = Math.min(height, p.m() - firstRow);
      for (firstColumn = 0; firstColumn < p.n(); firstColumn += width) {
        columns = Math.min(width, p.n() - firstColumn);
        at = 0;
        do {
          deep = Math.min(depth, p.k() - at);
          multiply();
          at += depth;
        } while (at < p.k());
      }
    }
  }

  /** Divides the scratch memory. */
  private void place(long depth, long width, long height) {
    long bytesOfB = p.packed() ? 0 : depth * width * Float.BYTES;
    long bytesOfA = steps.length * panelOfA(depth);
    long bytesOfSums = keepsSums ? height * width * Float.BYTES : 0;
    blockOfB = context.scratch().require(bytesOfB + bytesOfA + bytesOfSums).address();
    panelsOfA = blockOfB + bytesOfB;
    sums = panelsOfA + bytesOfA;
  }

  /** Bytes of a thread's panel of A, in whole cache lines. */
  private long panelOfA(long depth) {
    return (depth * code.tileRows() * Float.BYTES + 63) / 64 * 64;
  }

  private void multiply() {
    if (!p.packed()) {
      packing = true;
      context.run(this, NativeKernels.work(columns * deep * Float.BYTES));
    }
    packing = false;
    context.run(this, p.work());
  }

  @Override
  public void run(int part, int parts) {
    GemmStep step = steps[part].product(p).size(rows, columns, deep).operands(p.a(firstRow, at), p.b(firstColumn, at));
    long tile = code.tileColumns();
    if (p.packed()) {
      step.packedB(p.packedB(firstColumn, at, tile), p.bType(), p.k() * tile * GemmProduct.bytes(p.bType()));
    } else {
      step.packedB(blockOfB, panelType(), deep * tile * GemmProduct.bytes(panelType()));
    }
    if (packing) {
      long panels = code.columnPanels(columns);
      code.packB(step, CpuContext.start(panels, part, parts), CpuContext.start(panels, part + 1, parts), false);
      return;
    }
    step.sums(p.sumsInC() ? p.c(firstRow, firstColumn) : keepsSums ? sums : 0, p.sumsInC() ? p.n() : columns);
    step.output(p.c(firstRow, firstColumn), p.bias(firstColumn)).pass(at > 0, p.finishes() && at + deep >= p.k());
    share(step, part, parts);
  }

  /** Conversion while multiplying is free for fast sums, and halves the packed block; ordered sums have no pipe left for it. */
  private int panelType() {
    return p.ordered() ? 0 : p.bType();
  }

  /** Rows are divided first, while each thread keeps four panels; what threads are left divide the columns. */
  private void share(GemmStep step, int part, int parts) {
    long rowPanels = code.rowPanels(rows);
    long columnPanels = code.columnPanels(columns);
    int byRows = parts;
    while (byRows > 1 && (parts % byRows != 0 || rowPanels < 4L * byRows)) {
      byRows--;
    }
    int byColumns = parts / byRows;
    int row = part % byRows;
    int column = part / byRows;
    code.block(step, CpuContext.start(rowPanels, row, byRows), CpuContext.start(rowPanels, row + 1, byRows),
        CpuContext.start(columnPanels, column, byColumns), CpuContext.start(columnPanels, column + 1, byColumns),
        panelsOfA + part * panelOfA(deep), deep);
  }
}
