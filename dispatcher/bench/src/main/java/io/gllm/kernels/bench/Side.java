package io.gllm.kernels.bench;

/** Something that is timed in turn with others, so that all see the same state of the machine. */
final class Side {
  /** Tiny calls are compiled only after thousands of them; long ones need no more than one for their pages and caches. */
  private static final int MOST_WARM_UPS = 200_000;

  private final Runnable body;
  private final Runnable finish;
  private long repeats = 1;

  /** {@code finish} waits for what {@code body} launched. */
  Side(Runnable body, Runnable finish) {
    this.body = body;
    this.finish = finish;
  }

  /**
   * Runs until it is warm, then fixes how many calls make a sample of {@code sampleSeconds}.
   *
   * @return seconds of a call; of the only one, if that took longer than ten samples
   */
  double prepare(double sampleSeconds) {
    long end = System.nanoTime() + (long) (sampleSeconds * 1e9);
    double each = time(1);
    if (each > 10 * sampleSeconds) {
      return each;
    }
    for (int i = 1; i < MOST_WARM_UPS && System.nanoTime() < end; i++) {
      body.run();
    }
    finish.run();
    each = time(1);
    for (long calls = 16; each * calls < sampleSeconds / 8 && calls < 1 << 24; calls *= 4) {
      each = time(calls);
    }
    repeats = Math.max(1, Math.round(sampleSeconds / each));
    return each;
  }

  /** Seconds of a call, over {@code calls} of them. */
  private double time(long calls) {
    long start = System.nanoTime();
    for (long i = 0; i < calls; i++) {
      body.run();
    }
    finish.run();
    return (System.nanoTime() - start) / 1e9 / calls;
  }

  /** Takes a sample: seconds of a call. */
  double sample() {
    return time(repeats);
  }

  long repeats() {
    return repeats;
  }
}
