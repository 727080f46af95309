package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;

/** The loops that one case is compared with, timed in turn with it. */
final class Limits implements AutoCloseable {
  /** Long enough for a clock, short enough to be free beside the case. */
  private static final double SECONDS = 0.003;

  /** The fastest of a few counts: losing the core for a moment halves so short a sample, and too low a limit flatters the case. */
  private static final int TRIES = 3;

  private record Limit(PeakProbe probe, Side side) {
    double fastest() {
      double seconds = side.sample();
      for (int i = 1; i < TRIES; i++) {
        seconds = Math.min(seconds, side.sample());
      }
      return seconds;
    }
  }

  private final String contender;
  private final Roof roof;
  private final PeakLog log;
  private final Map<PeakKind, Limit> limits = new EnumMap<>(PeakKind.class);
  private final Map<PeakKind, Double> best = new EnumMap<>(PeakKind.class);

  Limits(KernelDispatcher kernels, String contender, Roof roof, PeakLog log) {
    this.contender = contender;
    this.roof = roof;
    this.log = log;
    Stream.concat(roof.compute().stream(), roof.memory().stream()).forEach(kind -> {
      PeakProbe probe = kernels.openPeak(kind, roof.bytes());
      if (probe != null) {
        Side side = new Side(probe::run, Entry::nothing);
        side.prepare(SECONDS);
        limits.put(kind, new Limit(probe, side));
      }
    });
  }

  /** Operations or bytes in a second, of each loop that the device has. */
  Map<PeakKind, Double> sample() {
    Map<PeakKind, Double> speeds = new EnumMap<>(PeakKind.class);
    limits.forEach((kind, limit) -> {
      double speed = limit.probe().work() / limit.fastest();
      speeds.put(kind, speed);
      best.merge(kind, speed, Math::max);
      log.note(contender, kind, roof.bytes(), limit.probe().name(), speed);
    });
    return speeds;
  }

  /** The mean of two samples: what held for the time between them. */
  static Map<PeakKind, Double> between(Map<PeakKind, Double> before, Map<PeakKind, Double> after) {
    Map<PeakKind, Double> mean = new EnumMap<>(PeakKind.class);
    before.forEach((kind, speed) -> mean.put(kind, (speed + after.get(kind)) / 2));
    return mean;
  }

  /** The highest speeds of all rounds. */
  Map<PeakKind, Double> best() {
    return best;
  }

  @Override
  public void close() {
    limits.values().forEach(limit -> limit.probe().close());
  }
}
