package io.gllm.kernels.bench;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Tells people who wait how far a run is: the case before it starts, its results after it, and about how long the rest takes. */
final class Progress {
  /** After so many cases their mean says something about the rest. */
  private static final int KNOWN = 3;

  private final PrintStream out;
  private final int cases;
  private final long start = System.nanoTime();
  private int begun;

  Progress(PrintStream out, int cases) {
    this.out = out;
    this.cases = cases;
  }

  void say(String line) {
    out.println(line);
  }

  void begin(String label) {
    out.print("[" + (begun + 1) + "/" + cases + left((System.nanoTime() - start) / 1e9) + "] " + label + " ... ");
    out.flush();
    begun++;
  }

  private String left(double elapsed) {
    if (begun < KNOWN) {
      return "";
    }
    double seconds = elapsed / begun * (cases - begun);
    return seconds < 90
        ? String.format(Locale.ROOT, ", %.0f s left", seconds)
        : String.format(Locale.ROOT, ", %.0f min left", seconds / 60);
  }

  /** One contender ends the line; several have a line each. */
  void end(List<CaseResult> results) {
    if (results.size() == 1) {
      out.println(ReportTable.summary(results.getFirst()));
      return;
    }
    out.println();
    results.forEach(result -> out.println("    " + result.key().contender() + ": " + ReportTable.summary(result)));
  }
}
