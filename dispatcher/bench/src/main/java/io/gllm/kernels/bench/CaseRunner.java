package io.gllm.kernels.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Measures one case after the other, on all contenders in turn: they see the same state of the machine. */
final class CaseRunner {
  private final List<Starter> starters;
  private final PeakLog log;
  private final BenchOptions options;

  /** Operations, or bytes where there are none, that a second of an operator did so far: tells how long a larger case takes. */
  private final Map<String, Double> rates = new HashMap<>();

  CaseRunner(List<Starter> starters, PeakLog log, BenchOptions options) {
    this.starters = starters;
    this.log = log;
    this.options = options;
  }

  /** One result for each contender that has something like the case, in their order. */
  List<CaseResult> run(BenchCase benchCase) {
    Map<CaseKey, CaseResult> results = new HashMap<>();
    List<CaseKey> order = new ArrayList<>();
    Map<CaseKey, Lane> lanes = new HashMap<>();
    try {
      for (Starter starter : starters) {
        if (starter.has(benchCase)) {
          CaseKey key = benchCase.key(starter.contender().label());
          order.add(key);
          enter(benchCase, key, starter, lanes, results);
        }
      }
      sample(order.stream().map(lanes::get).filter(lane -> lane != null).toList());
      lanes.forEach((key, lane) -> results.put(key, note(lane.result())));
    } finally {
      lanes.values().forEach(Lane::close);
    }
    return order.stream().map(results::get).toList();
  }

  /** Adds a lane, or the reason why there is none. */
  private void enter(BenchCase benchCase, CaseKey key, Starter starter, Map<CaseKey, Lane> lanes, Map<CaseKey, CaseResult> results) {
    double expected = benchCase.work().amount() / rates.getOrDefault(rateKey(key), Double.MAX_VALUE);
    if (expected > options.mostSeconds()) {
      results.put(key, leftOut(benchCase, key, starter, String.format(Locale.ROOT, "one call takes about %.0f s", expected)));
      return;
    }
    try {
      Lane lane = new Lane(key, benchCase, starter.enter(benchCase), starter, log, options);
      rates.put(rateKey(key), benchCase.work().amount() / lane.first());
      if (lane.first() > options.mostSeconds()) {
        lane.close();
        results.put(key, leftOut(benchCase, key, starter, String.format(Locale.ROOT, "one call takes %.0f s", lane.first())));
      } else {
        lanes.put(key, lane);
      }
    } catch (BenchCase.CannotRun e) {
      results.put(key, leftOut(benchCase, key, starter, e.getMessage()));
    }
  }

  private static CaseResult leftOut(BenchCase benchCase, CaseKey key, Starter starter, String reason) {
    return CaseResult.skipped(key, starter.kernel(benchCase), benchCase.work(), reason);
  }

  /** Every round begins with another lane, so that none always follows the same neighbour. */
  private void sample(List<Lane> lanes) {
    for (int round = 0; round < options.rounds(); round++) {
      for (int i = 0; i < lanes.size(); i++) {
        lanes.get((round + i) % lanes.size()).sample(round);
      }
    }
  }

  private CaseResult note(CaseResult result) {
    rates.put(rateKey(result.key()), result.work().amount() / result.samples().median());
    return result;
  }

  private static String rateKey(CaseKey key) {
    return key.contender() + " " + key.op() + " " + key.type();
  }
}
