package io.gllm.kernels.vulkan;

import java.util.ArrayDeque;
import java.util.Deque;

/** What has to be undone, in reverse order: for objects that own others, also when making them fails half-way. */
final class Teardown {
  private final Deque<Runnable> steps = new ArrayDeque<>();

  void add(Runnable step) {
    steps.push(step);
  }

  /** Takes every step, also if one fails; then throws the first failure. A second call does nothing. */
  void run() {
    RuntimeException failure = null;
    while (!steps.isEmpty()) {
      try {
        steps.pop().run();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Takes every step because of {@code cause}, which is returned to be thrown. */
  RuntimeException after(RuntimeException cause) {
    try {
      run();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
    return cause;
  }
}
