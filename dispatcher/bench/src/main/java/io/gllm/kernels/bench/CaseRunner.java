package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Measures one case after the other: each sample of a case stands between two of its limits. */
final class CaseRunner {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final KernelDispatcher kernels;
  private final PeakLog log;
  private final BenchOptions options;

  /** Operations, or bytes where there are none, that a second of an operator did so far: tells how long a larger case takes. */
  private final Map<String, Double> rates = new HashMap<>();

  CaseRunner(KernelDispatcher kernels, PeakLog log, BenchOptions options) {
    this.kernels = kernels;
    this.log = log;
    this.options = options;
  }

  CaseResult run(BenchCase benchCase) {
    return benchCase.op() == null ? runLoop(benchCase) : runOperator(benchCase);
  }

  private CaseResult runLoop(BenchCase benchCase) {
    try (PeakProbe probe = kernels.openPeak(benchCase.loop(), benchCase.roof().bytes())) {
      return probe == null
          ? CaseResult.skipped(benchCase, "none", "this device and tier have no such loop")
          : measure(benchCase.withFlops(probe.work()), probe.name(), probe::run);
    }
  }

  private CaseResult runOperator(BenchCase benchCase) {
    String kernel = kernel(benchCase);
    double expected = work(benchCase) / rates.getOrDefault(rateKey(benchCase), Double.MAX_VALUE);
    if (expected > options.mostSeconds()) {
      return CaseResult.skipped(benchCase, kernel, String.format(Locale.ROOT, "one call takes about %.0f s", expected));
    }
    try (Operands operands = new Operands(kernels)) {
      return measure(benchCase, kernel, benchCase.setup().prepare(kernels, operands));
    }
  }

  private String kernel(BenchCase benchCase) {
    return kernels.explain(benchCase.op()).get(benchCase.type()).stream().filter(Candidate::chosen).map(Candidate::kernel).findFirst()
        .orElse("none");
  }

  private static double work(BenchCase benchCase) {
    return benchCase.flops() > 0 ? benchCase.flops() : benchCase.bytes();
  }

  private static String rateKey(BenchCase benchCase) {
    return benchCase.name() + " " + benchCase.type().label();
  }

  private CaseResult measure(BenchCase benchCase, String kernel, Runnable call) {
    Side side = new Side(call, kernels::sync);
    double first = side.prepare(options.seconds() / options.rounds());
    rates.put(rateKey(benchCase), work(benchCase) / first);
    if (first > options.mostSeconds()) {
      return CaseResult.skipped(benchCase, kernel, String.format(Locale.ROOT, "one call takes %.0f s", first));
    }
    try (Limits limits = new Limits(kernels, benchCase.roof(), log)) {
      return sample(benchCase, kernel, side, limits);
    }
  }

  private CaseResult sample(BenchCase benchCase, String kernel, Side side, Limits limits) {
    AllocationMeter meter = new AllocationMeter();
    double[] seconds = new double[options.rounds()];
    double[] shares = new double[options.rounds()];
    double[] running = new double[options.rounds()];
    double[] allocated = new double[options.rounds()];
    Map<PeakKind, Double> before = limits.sample();
    for (int round = 0; round < options.rounds(); round++) {
      long bytes = meter.total();
      long ran = THREADS.getCurrentThreadCpuTime();
      seconds[round] = side.sample();
      running[round] = (THREADS.getCurrentThreadCpuTime() - ran) / 1e9 / (seconds[round] * side.repeats());
      allocated[round] = (double) (meter.total() - bytes) / side.repeats();
      Map<PeakKind, Double> after = limits.sample();
      shares[round] = share(benchCase, Limits.between(before, after), seconds[round]);
      before = after;
    }
    Samples samples = new Samples(seconds);
    rates.put(rateKey(benchCase), work(benchCase) / samples.median());
    PeakKind bound = benchCase.roof().bound(benchCase.flops(), benchCase.bytes(), limits.best());
    return new CaseResult(benchCase, kernel, side.repeats(), samples, Samples.quantile(shares, 0.5),
        share(benchCase, limits.best(), samples.best()), bound, Samples.quantile(allocated, 0.5),
        Samples.quantile(running, 0.5), null);
  }

  private static double share(BenchCase benchCase, Map<PeakKind, Double> speeds, double seconds) {
    return benchCase.roof().seconds(benchCase.flops(), benchCase.bytes(), speeds) / seconds;
  }
}
