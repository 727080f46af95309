package io.gllm.kernels.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A stream that is as late as it may be: nothing runs before somebody waits for it. Code that forgets to wait sees old bytes.
 */
final class StandInStream {
  private final Deque<Runnable> work = new ArrayDeque<>();
  private long issued;
  private long done;

  /** Adds work; returns its number. */
  long add(Runnable step) {
    work.add(step);
    return ++issued;
  }

  /** Runs the work up to and including number {@code last}. */
  void runTo(long last) {
    while (done < last) {
      done++; // first, since the work may wait for its own past
      work.remove().run();
    }
  }

  /** Runs all work. */
  void run() {
    runTo(issued);
  }

  /** Forgets what has not run. */
  void drop() {
    work.clear();
    done = issued;
  }
}
