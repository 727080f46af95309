package io.gllm.kernels.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Two reports case by case. A difference counts only if the samples of both show it (see {@link Shift}), if it is worth speaking
 * of, and if the machine's own limits, taken in turn with the samples, did not change as much.
 *
 * @param old the earlier report
 * @param now the later one
 * @param rows the cases that both measured, in the order of the later report
 * @param onlyOld what only the earlier report measured
 * @param onlyNow what only the later report measured
 * @param notes what differs between the machines, or was wrong with a run
 */
public record Comparison(BenchReport old, BenchReport now, List<Row> rows, List<CaseKey> onlyOld, List<CaseKey> onlyNow,
    List<String> notes) {
  /** Two runs differ by this much though nothing changed: pages and code lie elsewhere. */
  public static final double DEFAULT_THRESHOLD = 0.03;

  /** What became of a case. */
  public enum Verdict {
    /** Takes longer. */
    SLOWER("SLOWER"),
    /** Takes less time. */
    FASTER("faster"),
    /** No difference that is shown and worth speaking of. */
    SAME("same"),
    /** Times differ, but so do the machine's limits. */
    MACHINE("as the machine"),
    /** Times differ, but other programs took the cores while they were taken. */
    DISTURBED("disturbed"),
    /** Too few samples to tell. */
    UNCLEAR("too few samples");

    private final String label;

    Verdict(String label) {
      this.label = label;
    }

    /** For reports. */
    public String label() {
      return label;
    }
  }

  /**
   * A case that both reports measured.
   *
   * @param old as it was
   * @param now as it is
   * @param shift how much longer it takes
   * @param verdict what that means
   */
  public record Row(CaseResult old, CaseResult now, Shift shift, Verdict verdict) {
    static Row of(CaseResult old, CaseResult now, boolean disturbed, double threshold) {
      Shift shift = Shift.of(old.samples(), now.samples());
      return new Row(old, now, shift, judge(shift, now.share() / old.share(), disturbed, threshold));
    }

    /** {@code share} is how the share of the roofline changed, NaN if it is not known. */
    private static Verdict judge(Shift shift, double share, boolean disturbed, double threshold) {
      if (!shift.isKnown()) {
        return Verdict.UNCLEAR;
      }
      if (!shift.isShown() || within(shift.ratio(), threshold)) {
        return Verdict.SAME;
      }
      if (disturbed) {
        return Verdict.DISTURBED;
      }
      boolean slower = shift.ratio() > 1;
      if (within(share, threshold) || slower && share > 1 || !slower && share < 1) {
        return Verdict.MACHINE;
      }
      return slower ? Verdict.SLOWER : Verdict.FASTER;
    }

    private static boolean within(double ratio, double threshold) {
      return ratio <= 1 + threshold && ratio >= 1 / (1 + threshold);
    }
  }

  /** Copies the lists. */
  public Comparison {
    rows = List.copyOf(rows);
    onlyOld = List.copyOf(onlyOld);
    onlyNow = List.copyOf(onlyNow);
    notes = List.copyOf(notes);
  }

  /**
   * Reads a report that {@link BenchReport#json} wrote.
   *
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it is no such report, saying where and why
   */
  public static BenchReport read(Path file) throws IOException {
    return ReportReader.read(file);
  }

  /**
   * Compares a report with an earlier one.
   *
   * @param threshold least relative difference that counts, for example 0.03
   * @param anyMachine whether the reports may come from different hardware
   * @throws IllegalArgumentException if they come from different hardware and must not, or have no case in common
   */
  public static Comparison of(BenchReport old, BenchReport now, double threshold, boolean anyMachine) {
    if (!(threshold >= 0 && threshold < 10)) {
      throw new IllegalArgumentException("the threshold must be in [0, 10): " + threshold);
    }
    List<String> notes = notes(old, now, anyMachine);
    Map<CaseKey, CaseResult> before = measured(old);
    Map<CaseKey, CaseResult> after = measured(now);
    List<Row> rows = new ArrayList<>();
    after.forEach((key, result) -> {
      CaseResult earlier = before.get(key);
      if (earlier != null) {
        rows.add(Row.of(earlier, result, old.disturbed(earlier) || now.disturbed(result), threshold));
      }
    });
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("the reports have no case in common: " + some(before) + " and " + some(after));
    }
    return new Comparison(old, now, rows, before.keySet().stream().filter(key -> !after.containsKey(key)).toList(),
        after.keySet().stream().filter(key -> !before.containsKey(key)).toList(), notes);
  }

  private static String some(Map<CaseKey, CaseResult> cases) {
    return cases.isEmpty() ? "nothing" : "'" + cases.keySet().iterator().next() + "'";
  }

  private static Map<CaseKey, CaseResult> measured(BenchReport report) {
    Map<CaseKey, CaseResult> cases = new LinkedHashMap<>();
    report.cases().stream().filter(result -> result.skipped() == null).forEach(result -> cases.put(result.key(), result));
    return cases;
  }

  private static List<String> notes(BenchReport old, BenchReport now, boolean anyMachine) {
    List<String> notes = new ArrayList<>();
    hardware("machine", old.machine().hardware(), now.machine().hardware(), anyMachine, notes);
    for (Contender contender : now.contenders()) {
      old.contenders().stream().filter(other -> other.label().equals(contender.label()) && !contender.peer())
          .forEach(other -> hardware(contender.label(), other.device(), contender.device(), anyMachine, notes));
    }
    differs("system", old.machine().os(), now.machine().os(), notes);
    differs("JDK", old.machine().jdk(), now.machine().jdk(), notes);
    differs("JVM", old.machine().vm(), now.machine().vm(), notes);
    if (old.disturbed()) {
      notes.add("the earlier run was disturbed by other programs");
    }
    if (now.disturbed()) {
      notes.add("the later run was disturbed by other programs");
    }
    return notes;
  }

  private static void hardware(String what, String old, String now, boolean anyMachine, List<String> notes) {
    if (!old.equals(now) && !anyMachine) {
      throw new IllegalArgumentException("times of different hardware say nothing about the software; " + what + ": '" + old + "' then, '"
          + now + "' now (--any-machine compares them all the same)");
    }
    differs(what, old, now, notes);
  }

  private static void differs(String what, String old, String now, List<String> notes) {
    if (!old.equals(now)) {
      notes.add(what + ": " + old + " then, " + now + " now");
    }
  }

  /** Whether any case became slower. */
  public boolean hasRegression() {
    return rows.stream().anyMatch(row -> row.verdict() == Verdict.SLOWER);
  }

  /** How many cases have a verdict. */
  public long count(Verdict verdict) {
    return rows.stream().filter(row -> row.verdict() == verdict).count();
  }

  /** The tables for people. */
  public String table() {
    return new ComparisonTable(this).text();
  }
}
