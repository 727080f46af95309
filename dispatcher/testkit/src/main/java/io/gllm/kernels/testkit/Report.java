package io.gllm.kernels.testkit;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Results of a run.
 *
 * @param results in the order in which the cases ran
 */
public record Report(List<Result> results) {
  /** Copies the list. */
  public Report {
    results = List.copyOf(results);
  }

  /**
   * Results of all cases of one operator and type.
   *
   * @param op the operator
   * @param type the type it is dispatched on
   * @param cases how many cases ran
   * @param failed how many failed
   * @param skipped how many could not run on this machine
   * @param worst the largest error, as a fraction of the bound
   * @param nanos time taken
   */
  public record Line(Op<?> op, ElementType type, int cases, int failed, int skipped, double worst, long nanos) {
    private Line plus(Result result) {
      return new Line(op, type, cases + 1, failed + (result.failed() ? 1 : 0),
          skipped + (result.status() == Result.Status.SKIPPED ? 1 : 0), Math.max(worst, result.worst()), nanos + result.nanos());
    }
  }

  private record Key(Op<?> op, ElementType type) {}

  /** The results that failed. */
  public List<Result> failures() {
    return results.stream().filter(Result::failed).toList();
  }

  /** One line for each operator and type. */
  public List<Line> lines() {
    Map<Key, Line> lines = new LinkedHashMap<>();
    for (Result result : results) {
      Case test = result.test();
      lines.merge(new Key(test.op(), test.type()), new Line(test.op(), test.type(), 0, 0, 0, 0, 0).plus(result),
          (line, first) -> line.plus(result));
    }
    return List.copyOf(lines.values());
  }

  /** The cases in which two runs gave different bits; both must have run the same cases. */
  public List<String> differences(Report other) {
    List<String> titles = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      if (results.get(i).hash() != other.results.get(i).hash()) {
        titles.add(results.get(i).test().title());
      }
    }
    return titles;
  }

  /** A table for people: operator, type, cases, failures, and the largest error in percent of the bound. */
  public String table() {
    StringBuilder text = new StringBuilder(String.format("%-20s %-6s %6s %7s %8s %10s %8s%n", "operator", "type", "cases", "failed",
        "skipped", "% of bound", "ms"));
    for (Line line : lines()) {
      text.append(String.format("%-20s %-6s %6d %7d %8d %10.1f %8.1f%n", line.op(), line.type().label(), line.cases(), line.failed(),
          line.skipped(), 100 * line.worst(), line.nanos() / 1e6));
    }
    return text.toString();
  }
}
