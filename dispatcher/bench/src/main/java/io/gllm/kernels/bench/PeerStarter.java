package io.gllm.kernels.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** A foreign library beside one of our devices: the same products, with as many threads, compared with the same limits. */
final class PeerStarter implements Starter {
  /** After a product, the threads of OpenBLAS look for the next one for 2^26 cycles (THREAD_TIMEOUT), those of OpenMP less. */
  private static final long REST_MILLIS = 50;

  private static final int ALIGNMENT = 64;

  private final Peer peer;
  private final Starter beside;
  private final Contender contender;

  private PeerStarter(String name, Peer peer, Starter beside) {
    this.peer = peer;
    this.beside = beside;
    int threads = beside.contender().threads();
    this.contender = new Contender(name + " " + threads + "t", true, name, peer.description(), List.of(), "best", "best", threads,
        Double.NaN);
  }

  /** The libraries that are known, installed or not. */
  static Set<String> names() {
    return new LinkedHashSet<>(List.of(OpenBlas.NAME, OneDnn.NAME));
  }

  /**
   * Loads a library.
   *
   * @throws PeerMissing if it is not installed
   * @throws IllegalArgumentException if there is none of this name
   */
  static PeerStarter open(String name, Starter beside) throws PeerMissing {
    Peer peer = switch (name) {
      case OpenBlas.NAME -> OpenBlas.open();
      case OneDnn.NAME -> OneDnn.open();
      default -> throw new IllegalArgumentException("there is no peer '" + name + "'; known: " + String.join(", ", names()));
    };
    return new PeerStarter(name, peer, beside);
  }

  @Override
  public Contender contender() {
    return contender;
  }

  @Override
  public boolean has(BenchCase benchCase) {
    return benchCase.product() != null;
  }

  @Override
  public String kernel(BenchCase benchCase) {
    return contender.backend();
  }

  @Override
  public Entry enter(BenchCase benchCase) {
    Product product = benchCase.product();
    int threads = contender.threads();
    peer.useThreads(threads);
    Arena arena = Arena.ofShared();
    MemorySegment a = random(arena, product.m() * product.k());
    MemorySegment b = random(arena, product.k() * product.n());
    MemorySegment c = arena.allocate(Float.BYTES * product.m() * product.n(), ALIGNMENT);
    return new Entry(kernel(benchCase), benchCase.work(), () -> peer.useThreads(threads), () -> peer.multiply(product, a, b, c),
        Entry::nothing, threads > 1 ? PeerStarter::rest : Entry::nothing, arena::close);
  }

  private static MemorySegment random(Arena arena, long n) {
    MemorySegment values = arena.allocate(Float.BYTES * n, ALIGNMENT);
    SplittableRandom random = new SplittableRandom(42);
    for (long i = 0; i < n; i++) {
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
    }
    return values;
  }

  private static void rest() {
    try {
      Thread.sleep(REST_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public Limits limits(Roof roof, PeakLog log) {
    return beside.limits(roof, log);
  }

  /** The device belongs to its own starter, the library stays loaded. */
  @Override
  public void close() {}
}
