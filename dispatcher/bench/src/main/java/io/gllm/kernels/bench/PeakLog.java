package io.gllm.kernels.bench;

import io.gllm.kernels.api.spi.PeakKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The speeds that the loops of the device reached in a run. */
final class PeakLog {
  private record Key(String contender, PeakKind kind, long bytes, String probe) {}

  private final Map<Key, List<Double>> speeds = new LinkedHashMap<>();

  /** Notes a sample; {@code bytes} tells memory loops of different sizes apart. */
  void note(String contender, PeakKind kind, long bytes, String probe, double speed) {
    speeds.computeIfAbsent(new Key(contender, kind, kind.isCompute() ? 0 : bytes, probe), k -> new ArrayList<>()).add(speed);
  }

  /** What was measured, over all cases. */
  List<PeakResult> results() {
    List<PeakResult> results = new ArrayList<>();
    speeds.forEach((key, seen) -> {
      double[] values = seen.stream().mapToDouble(Double::doubleValue).toArray();
      double median = Samples.quantile(values, 0.5);
      double spread = (Samples.quantile(values, 0.75) - Samples.quantile(values, 0.25)) / median;
      results.add(new PeakResult(key.contender(), key.kind(), key.bytes(), key.probe(), median, Samples.quantile(values, 1), spread));
    });
    return results;
  }
}
