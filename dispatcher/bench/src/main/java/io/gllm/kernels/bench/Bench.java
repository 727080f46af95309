package io.gllm.kernels.bench;

import io.gllm.kernels.api.op.Ops;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Runs suites of cases on devices and reports on them. */
public final class Bench {
  private Bench() {}

  /** Names of the suites that a run can be asked for. */
  public static Set<String> suites() {
    Set<String> names = new LinkedHashSet<>();
    Suites.all().forEach(c -> names.add(c.suite()));
    names.add(ModelCases.SUITE);
    names.addAll(Bars.suites());
    return names;
  }

  /** Names of the foreign libraries that a run can be asked for. */
  public static Set<String> peers() {
    return PeerStarter.names();
  }

  /**
   * Measures.
   *
   * @param progress gets a line before each case and its result after it
   * @throws IllegalArgumentException if there is no such suite, two devices are the same, or a library is required and missing
   * @throws io.gllm.kernels.api.KernelException if there is no such operator, or a backend cannot be used
   */
  public static BenchReport run(BenchOptions options, PrintStream progress) {
    List<Bar> bars = Bars.all().stream().filter(bar -> options.judges(bar) && wanted(options, bar.benchCase())).toList();
    List<BenchCase> cases = List.copyOf(cases(options, bars));
    Progress told = new Progress(progress, cases.size());
    PeakLog peaks = new PeakLog();
    try (Field field = Field.open(options, told)) {
      CaseRunner runner = new CaseRunner(field.starters(), peaks, options);
      List<CaseResult> results = new ArrayList<>();
      for (BenchCase benchCase : cases) {
        told.begin(benchCase.label());
        List<CaseResult> measured = runner.run(benchCase);
        told.end(measured);
        results.addAll(measured);
      }
      return new BenchReport(Machine.here(), field.contenders(), field.notes(), peaks.results(), results,
          judge(bars, results, field.contenders()));
    }
  }

  private static List<BarOutcome> judge(List<Bar> bars, List<CaseResult> results, List<Contender> contenders) {
    List<BarOutcome> outcomes = new ArrayList<>();
    for (Contender contender : contenders) {
      for (Bar bar : contender.peer() ? List.<Bar>of() : bars) {
        CaseKey key = bar.benchCase().key(contender.label());
        results.stream().filter(result -> result.key().equals(key)).map(bar::judge).forEach(outcomes::add);
      }
    }
    return outcomes;
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
      if (suite.equals(ModelCases.SUITE)) {
        cases.addAll(ModelCases.of(options.model()));
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
}
