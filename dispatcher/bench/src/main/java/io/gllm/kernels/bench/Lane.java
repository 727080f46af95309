package io.gllm.kernels.bench;

import io.gllm.kernels.api.spi.PeakKind;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Map;

/** A case of one contender on its way through the rounds: each of its samples stands between two of its limits. */
final class Lane implements AutoCloseable {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final CaseKey key;
  private final BenchCase benchCase;
  private final Entry entry;
  private final Side side;
  private final double first;
  private final Limits limits;
  private final AllocationMeter meter = new AllocationMeter();
  private final double[] seconds;
  private final double[] shares;
  private final double[] running;
  private final double[] allocated;

  /** Warms the entry up, which belongs to this lane from here on. */
  Lane(CaseKey key, BenchCase benchCase, Entry entry, Starter starter, PeakLog log, BenchOptions options) {
    this.key = key;
    this.benchCase = benchCase;
    this.entry = entry;
    this.side = new Side(entry.call(), entry.finish());
    this.seconds = new double[options.rounds()];
    this.shares = new double[options.rounds()];
    this.running = new double[options.rounds()];
    this.allocated = new double[options.rounds()];
    try {
      entry.ready().run();
      this.first = side.prepare(options.seconds() / options.rounds());
      this.limits = first > options.mostSeconds() ? null : starter.limits(benchCase.roof(), log);
    } catch (RuntimeException | Error e) {
      entry.close();
      throw e;
    } finally {
      entry.rest().run();
    }
  }

  /** Seconds of the call that was warmed up last; if it is too long, there is nothing to sample. */
  double first() {
    return first;
  }

  /** Takes the sample of a round. */
  void sample(int round) {
    Map<PeakKind, Double> before = limits.sample();
    entry.ready().run();
    long bytes = meter.total();
    long ran = THREADS.getCurrentThreadCpuTime();
    seconds[round] = side.sample();
    running[round] = (THREADS.getCurrentThreadCpuTime() - ran) / 1e9 / (seconds[round] * side.repeats());
    allocated[round] = (double) (meter.total() - bytes) / side.repeats();
    entry.rest().run();
    shares[round] = share(Limits.between(before, limits.sample()), seconds[round]);
  }

  CaseResult result() {
    Samples samples = new Samples(seconds);
    PeakKind bound = benchCase.roof().bound(entry.work().flops(), entry.work().bytes(), limits.best());
    return new CaseResult(key, entry.kernel(), entry.work(), side.repeats(), samples, Samples.quantile(shares, 0.5),
        share(limits.best(), samples.best()), bound, Samples.quantile(allocated, 0.5), Samples.quantile(running, 0.5), null);
  }

  private double share(Map<PeakKind, Double> speeds, double time) {
    return benchCase.roof().seconds(entry.work().flops(), entry.work().bytes(), speeds) / time;
  }

  @Override
  public void close() {
    if (limits != null) {
      limits.close();
    }
    entry.close();
  }
}
