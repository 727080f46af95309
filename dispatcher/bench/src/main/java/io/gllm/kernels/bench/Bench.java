package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.op.Ops;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs suites of cases on a device and reports on them. */
public final class Bench {
  private Bench() {}

  /** Names of the suites that a run can be asked for. */
  public static Set<String> suites() {
    Set<String> names = new LinkedHashSet<>();
    Suites.all().forEach(c -> names.add(c.suite()));
    names.add(Bars.SUITE);
    return names;
  }

  /**
   * Measures.
   *
   * @param progress gets a line before each case and its result after it
   * @throws IllegalArgumentException if there is no such suite
   * @throws io.gllm.kernels.api.KernelException if there is no such operator, or the backend cannot be used
   */
  public static BenchReport run(BenchOptions options, PrintStream progress) {
    boolean judged = options.suites().contains(Bars.SUITE);
    int threads = options.threads() > 0 ? options.threads() : judged ? 1 : Runtime.getRuntime().availableProcessors();
    List<Bar> bars = judged ? Bars.all().stream().filter(bar -> wanted(options, bar.benchCase())).toList() : List.of();
    PeakLog peaks = new PeakLog();
    try (KernelDispatcher kernels = open(options, threads)) {
      Machine machine = Machine.of(kernels, options, threads);
      Map<BenchCase, CaseResult> results = measure(cases(options, bars), new CaseRunner(kernels, peaks, options), progress);
      List<Bar.Outcome> outcomes = bars.stream().map(bar -> bar.judge(results.get(bar.benchCase()))).toList();
      return new BenchReport(machine, peaks.results(), List.copyOf(results.values()), outcomes);
    }
  }

  private static KernelDispatcher open(BenchOptions options, int threads) {
    KernelDispatcher.Builder builder = KernelDispatcher.builder().option("cpu.threads", Integer.toString(threads));
    if (options.backend() != null) {
      builder.backend(options.backend());
    }
    if (options.tier() != null) {
      builder.option("cpu.tier", options.tier());
    }
    if (options.isa() != null) {
      builder.option("cpu.isa", options.isa());
    }
    return builder.create();
  }

  /** The cases of a run, in order; a case that several bars judge is measured once. */
  static Set<BenchCase> cases(BenchOptions options, List<Bar> bars) {
    if (options.op() != null) {
      Ops.named(options.op());
    }
    Set<BenchCase> cases = new LinkedHashSet<>();
    if (options.suites().isEmpty()) {
      cases.addAll(options.op() == null ? Suites.standard() : Suites.all());
    }
    for (String suite : options.suites()) {
      if (!suites().contains(suite)) {
        throw new IllegalArgumentException("there is no suite '" + suite + "'; known: " + String.join(", ", suites()));
      }
      Suites.all().stream().filter(c -> c.suite().equals(suite)).forEach(cases::add);
    }
    cases.removeIf(c -> !wanted(options, c));
    bars.forEach(bar -> cases.add(bar.benchCase()));
    return cases;
  }

  private static boolean wanted(BenchOptions options, BenchCase benchCase) {
    return options.op() == null || benchCase.op() != null && benchCase.op().name().equals(options.op());
  }

  private static Map<BenchCase, CaseResult> measure(Set<BenchCase> cases, CaseRunner runner, PrintStream progress) {
    Map<BenchCase, CaseResult> results = new LinkedHashMap<>();
    List<BenchCase> order = new ArrayList<>(cases);
    for (int i = 0; i < order.size(); i++) {
      progress.printf("[%d/%d] %s ... ", i + 1, order.size(), order.get(i).label());
      progress.flush();
      CaseResult result = runner.run(order.get(i));
      results.put(order.get(i), result);
      progress.println(ReportTable.summary(result));
    }
    return results;
  }
}
