package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;

/**
 * Steps through rows of f32 in windows of whole rows, or of whole runs of one row, where a run is 1/256 of a row rounded up: one launch for each
 * window of the kernels that work on runs.
 *
 * {@snippet lang="java" :
 * for (runs.start(x, first, rows, cols); runs.next();) {
 *   runs.x(launch);
 *   ...
 *   runs.values(launch, chunks);
 *   launch.groups(runs.rows());
 * }
 * }
 */
final class RowRuns {
  static final int RUNS = 256;

  private final long window;
  private Buffer x;
  private long at;
  private long allRows;
  private long cols;
  private long run;
  private long rowsAtOnce;
  private long runsAtOnce;
  private long allRuns;
  private long row;
  private long rows;
  private long firstRun;
  private long runs;

  RowRuns(Launcher launcher) {
    window = launcher.windowBytes();
  }

  /** Runs of a row that have elements, at most 256. */
  static long count(long cols) {
    long run = (cols + RUNS - 1) / RUNS;
    return (cols + run - 1) / run;
  }

  /**
   * Begins with rows {@code first} to {@code first + rows}.
   *
   * @throws IllegalArgumentException if not even a run fits into a window
   */
  void start(Buffer x, long first, long rows, long cols) {
    this.x = x;
    this.at = first * cols;
    this.allRows = rows;
    this.cols = cols;
    run = (cols + RUNS - 1) / RUNS;
    allRuns = count(cols);
    rowsAtOnce = Math.max(1, window / (cols * 4));
    runsAtOnce = rowsAtOnce > 1 ? allRuns : Math.min(allRuns, window / (run * 4));
    if (runsAtOnce == 0) {
      throw new IllegalArgumentException(
          "1/256 of a row of " + cols + " elements exceeds the " + window + " bytes that a kernel of this device can address");
    }
    row = 0;
    this.rows = 0;
    firstRun = 0;
    runs = allRuns;
  }

  /** Goes on to the next window; false if there is none. */
  boolean next() {
    firstRun += runs;
    if (firstRun >= allRuns) {
      firstRun = 0;
      row += rows;
    }
    rows = Math.min(rowsAtOnce, allRows - row);
    runs = Math.min(runsAtOnce, allRuns - firstRun);
    return rows > 0;
  }

  /** First row of the window, counted from the first row of all. */
  long row() {
    return row;
  }

  /** Rows of the window. */
  long rows() {
    return rows;
  }

  /** Runs of the window. */
  long runs() {
    return runs;
  }

  /** The window's elements as the next buffer. */
  Launch x(Launch launch) {
    return launch.part(x, at + row * cols + firstRun * run, (rows - 1) * cols + width());
  }

  /** The parameters that these kernels begin with. */
  Launch values(Launch launch, long chunks) {
    return launch.value(rows).value(cols).value(width()).value(chunks).value(run).value(firstRun).value(runs);
  }

  private long width() {
    return Math.min(runs * run, cols - firstRun * run);
  }
}
