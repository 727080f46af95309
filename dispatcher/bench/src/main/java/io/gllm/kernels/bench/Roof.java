package io.gllm.kernels.bench;

import io.gllm.kernels.api.spi.PeakKind;
import java.util.List;
import java.util.Map;

/**
 * Which limits bound a case: a roofline (Williams et al., 2009) of one compute and one memory limit. Where several kinds are named,
 * the fastest that the device has counts.
 *
 * @param compute limits of operations, empty if the case is only compared with memory
 * @param memory limits of bytes, empty if the case is only compared with operations
 * @param bytes size of each buffer that the memory loops go through
 */
public record Roof(List<PeakKind> compute, List<PeakKind> memory, long bytes) {
  /** Far above the caches of today's processors, in bytes of one buffer. */
  static final long MEMORY = 256L << 20;

  /** Less than this takes nanoseconds, in which a loop is not yet at speed. */
  private static final double WORTH_COMPARING = 64 << 10;

  private static final List<PeakKind> FLOAT = List.of(PeakKind.FMA_F32);
  private static final List<PeakKind> BRAIN_FLOAT = List.of(PeakKind.DOT_BF16, PeakKind.FMA_F32);
  private static final List<PeakKind> INTEGER = List.of(PeakKind.DOT_I8, PeakKind.FMA_F32);

  /** A product in f32 that reads {@code bytes}. */
  static Roof floatProduct(double bytes) {
    return bytes < WORTH_COMPARING ? none() : new Roof(FLOAT, List.of(PeakKind.READ), size(MEMORY, bytes));
  }

  /** A product of bf16 that reads {@code bytes}. */
  static Roof brainFloatProduct(double bytes) {
    return bytes < WORTH_COMPARING ? none() : new Roof(BRAIN_FLOAT, List.of(PeakKind.READ), size(MEMORY, bytes));
  }

  /** A product that reads {@code bytes} and may use byte dot products. */
  static Roof integerProduct(double bytes) {
    return bytes < WORTH_COMPARING ? none() : new Roof(INTEGER, List.of(PeakKind.READ), size(MEMORY, bytes));
  }

  /** Only operations count. */
  static Roof operations() {
    return new Roof(FLOAT, List.of(), 0);
  }

  /** Reads {@code bytes} in all and writes little. */
  static Roof reading(double bytes) {
    return bytes < WORTH_COMPARING ? none() : new Roof(List.of(), List.of(PeakKind.READ), size(MEMORY, bytes));
  }

  /** Reads and writes {@code bytes} in all: a copy of the same size, with stores past the caches if that is faster. */
  static Roof copying(double bytes) {
    return bytes < WORTH_COMPARING
        ? none()
        : new Roof(List.of(), List.of(PeakKind.COPY, PeakKind.STREAM_COPY), size(MEMORY / 2, bytes / 2));
  }

  /** The closest of 2^i and 1.5 * 2^i, so that cases of about the same size share a limit. */
  private static long size(long most, double bytes) {
    long power = Long.highestOneBit((long) bytes);
    double share = bytes / power;
    return Math.min(most, share < 1.25 ? power : share < 1.75 ? power + power / 2 : 2 * power);
  }

  /** Nothing to compare with. */
  static Roof none() {
    return new Roof(List.of(), List.of(), 0);
  }

  /**
   * The least seconds that the limits allow, or NaN if none of them is known.
   *
   * @param speeds operations or bytes in a second for each limit that was measured
   */
  public double seconds(double flops, double moved, Map<PeakKind, Double> speeds) {
    double operations = fastest(compute, speeds);
    double transfers = fastest(memory, speeds);
    double bound = Math.max(operations > 0 ? flops / operations : 0, transfers > 0 ? moved / transfers : 0);
    return bound > 0 ? bound : Double.NaN;
  }

  /** The kind that bounds the case, or null if none is known. */
  public PeakKind bound(double flops, double moved, Map<PeakKind, Double> speeds) {
    double operations = fastest(compute, speeds);
    double transfers = fastest(memory, speeds);
    if (operations <= 0 && transfers <= 0) {
      return null;
    }
    boolean computes = transfers <= 0 || operations > 0 && flops / operations >= moved / transfers;
    return fastestKind(computes ? compute : memory, speeds);
  }

  private static double fastest(List<PeakKind> kinds, Map<PeakKind, Double> speeds) {
    PeakKind kind = fastestKind(kinds, speeds);
    return kind == null ? 0 : speeds.get(kind);
  }

  private static PeakKind fastestKind(List<PeakKind> kinds, Map<PeakKind, Double> speeds) {
    PeakKind best = null;
    for (PeakKind kind : kinds) {
      if (speeds.containsKey(kind) && (best == null || speeds.get(kind) > speeds.get(best))) {
        best = kind;
      }
    }
    return best;
  }
}
