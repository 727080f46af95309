package io.gllm.kernels.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A fixed team of threads that runs one task at a time, split into as many parts as there are members. The caller is member 0.
 * Waiting members spin for a while and then park, so that a sequence of small kernels costs no wake-ups and an idle
 * dispatcher costs no CPU time. Allocates nothing after start.
 */
public final class ThreadTeam implements AutoCloseable {
  /** About 30 microseconds of spinning: longer than the gap between two kernels of a decode step. */
  private static final int SPINS = 2_000;

  private final int size;
  private final Member[] members;
  private final ReentrantLock inUse = new ReentrantLock();
  private final AtomicInteger pending = new AtomicInteger();
  private Task task;
  private Thread caller;
  private volatile int generation;
  private volatile boolean closed;
  private volatile Throwable failure;

  /** A task that can be split. */
  public interface Task {
    /** Does part {@code part} of {@code parts}; parts run on different threads and must not depend on each other. */
    void run(int part, int parts);
  }

  /** A team of {@code size} members, the caller included. */
  public ThreadTeam(int size) {
    this.size = size;
    this.members = new Member[size];
    for (int i = 1; i < size; i++) {
      members[i] = new Member(i);
      members[i].start();
    }
  }

  /** Number of members. */
  public int size() {
    return size;
  }

  /**
   * Runs all parts of {@code task} and returns when they are done. If the team is busy with a task of another queue, the caller
   * does all parts itself, with the same result, since parts do not depend on who runs them.
   */
  public void run(Task task) {
    if (size == 1 || !inUse.tryLock()) {
      runAlone(task);
      return;
    }
    try {
      if (closed) {
        throw new IllegalStateException("the device is closed");
      }
      runTogether(task);
    } finally {
      inUse.unlock();
    }
  }

  private void runAlone(Task task) {
    for (int part = 0; part < size; part++) {
      task.run(part, size);
    }
  }

  private void runTogether(Task next) {
    task = next;
    caller = Thread.currentThread();
    pending.set(size - 1);
    generation++;
    for (int i = 1; i < size; i++) {
      members[i].wake();
    }
    Throwable own = null;
    try {
      next.run(0, size);
    } catch (Throwable t) {
      own = t;
    }
    awaitOthers();
    Throwable theirs = failure;
    failure = null;
    task = null;
    rethrow(own != null ? own : theirs);
  }

  private void awaitOthers() {
    int spins = 0;
    while (pending.get() != 0) {
      if (++spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, 100_000);
      }
    }
  }

  private static void rethrow(Throwable t) {
    if (t instanceof RuntimeException e) {
      throw e;
    }
    if (t instanceof Error e) {
      throw e;
    }
  }

  /** Ends the threads. */
  @Override
  public void close() {
    inUse.lock();
    try {
      closed = true;
      for (int i = 1; i < size; i++) {
        LockSupport.unpark(members[i]);
      }
    } finally {
      inUse.unlock();
    }
  }

  private final class Member extends Thread {
    private final int part;
    private volatile boolean parked;

    Member(int part) {
      super("gllm-cpu-" + part);
      this.part = part;
      setDaemon(true);
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      int seen = 0;
      while (true) {
        int spins = 0;
        while (generation == seen && !closed) {
          if (++spins < SPINS) {
            Thread.onSpinWait();
          } else {
            parkUnlessWoken(seen);
          }
        }
        if (closed) {
          return;
        }
        seen = generation;
        runPart();
      }
    }

    private void parkUnlessWoken(int seen) {
      parked = true;
      if (generation == seen && !closed) {
        LockSupport.park(ThreadTeam.this);
      }
      parked = false;
    }

    private void runPart() {
      try {
        task.run(part, size);
      } catch (Throwable t) {
        failure = t;
      }
      if (pending.decrementAndGet() == 0) {
        LockSupport.unpark(caller);
      }
    }
  }
}
