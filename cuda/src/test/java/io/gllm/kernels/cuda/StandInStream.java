package io.gllm.kernels.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A stream that is as late as it may be: nothing runs before somebody waits for it. Code that forgets to wait sees old bytes.
 */
final class StandInStream {
  private final Deque<Runnable> work = new ArrayDeque<>();
  private List<Runnable> captured;
  private boolean valid;
  private long issued;
  private long done;

  /** From now on work is kept aside instead of waiting its turn; false if it is already. */
  boolean beginCapture() {
    if (captured != null) {
      return false;
    }
    captured = new ArrayList<>();
    valid = true;
    return true;
  }

  boolean isCapturing() {
    return captured != null;
  }

  /** Makes the capture end with nothing. */
  void invalidate() {
    valid = false;
  }

  /** The work since the capture began, or null if something was done that cannot be captured. */
  List<Runnable> endCapture() {
    List<Runnable> all = valid ? captured : null;
    captured = null;
    return all;
  }

  /** Adds work; returns its number. */
  long add(Runnable step) {
    if (captured != null) {
      captured.add(step);
      return issued;
    }
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
