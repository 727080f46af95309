package io.gllm.kernels.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * A case that a foreign library ran beside one of our devices, with as many threads and in turn with it.
 *
 * @param ours our result
 * @param peer the library's result
 * @param shift the library's time relative to ours: 1.1 means that ours is a tenth faster
 */
public record PeerRow(CaseResult ours, CaseResult peer, Shift shift) {
  /** All such pairs of a report. */
  static List<PeerRow> of(BenchReport report) {
    List<PeerRow> rows = new ArrayList<>();
    for (CaseResult peer : report.cases()) {
      for (CaseResult ours : report.cases()) {
        if (pairs(report, ours, peer)) {
          rows.add(new PeerRow(ours, peer, Shift.of(ours.samples(), peer.samples())));
        }
      }
    }
    return rows;
  }

  private static boolean pairs(BenchReport report, CaseResult ours, CaseResult peer) {
    Contender library = report.contender(peer.key().contender());
    Contender device = report.contender(ours.key().contender());
    return library.peer() && !device.peer() && device.backend().equals("cpu") && library.threads() == device.threads()
        && ours.key().label().equals(peer.key().label()) && ours.skipped() == null && peer.skipped() == null;
  }
}
