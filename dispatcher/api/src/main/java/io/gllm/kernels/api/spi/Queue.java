package io.gllm.kernels.api.spi;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;

/**
 * An in-order sequence of kernel launches. One thread at a time launches: callers bracket launches with {@link #begin()}
 * and {@link #end()}, which also lets a closing buffer wait until no launch uses it.
 *
 * <p>While the thread that holds a queue {@linkplain #record records}, launches of this queue are kept instead of run, and it may use
 * no other queue.
 */
public abstract class Queue implements AutoCloseable {
  private static final List<Queue> RECORDING = new CopyOnWriteArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final List<Captured> captured = new ArrayList<>();
  private boolean recording;
  private boolean refused;
  private boolean closed;

  /** Launches of a queue that were captured once. The queue is taken for each call. */
  public interface Captured {
    /** Launches them again, in order; allocates nothing. */
    void replay();

    /** Frees what belongs to it, after the replays under way. */
    void close();
  }

  /** For subclasses. */
  protected Queue() {}

  /**
   * Takes the queue for a launch.
   *
   * @throws IllegalStateException if it is closed, or if this thread records on another queue
   */
  public final void begin() {
    if (!RECORDING.isEmpty()) {
      requireNoOtherRecording();
    }
    lock.lock();
    if (closed) {
      lock.unlock();
      throw new IllegalStateException("the queue is closed");
    }
  }

  private void requireNoOtherRecording() {
    for (Queue other : RECORDING) {
      if (other != this && other.lock.isHeldByCurrentThread()) {
        other.refused = true;
        throw new IllegalStateException("calls of another dispatcher or queue cannot be part of a recording");
      }
    }
  }

  /** Gives the queue back. */
  public final void end() {
    lock.unlock();
  }

  /**
   * Returns when every launch that began before this call has returned to its caller. A device marks memory as closed,
   * then calls this on each of its queues, then frees the memory: later launches see the mark.
   */
  public final void quiesce() {
    lock.lock();
    lock.unlock();
  }

  /** Runs something while no launch is under way: as {@link #quiesce}, also for a closed queue, or within a recording of another one. */
  protected final void exclusively(Runnable work) {
    lock.lock();
    try {
      work.run();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The kernel for an operator and element type, bound to this queue. Kernels of one queue share scratch memory, so they
   * run one at a time. Called at start only.
   *
   * @param type the type that the operator is dispatched on, see {@link Op#types()}
   * @return the kernel, never null
   * @throws io.gllm.kernels.api.UnsupportedKernelException if the device has none
   */
  public abstract <K> K kernel(Op<K> op, ElementType type);

  /** Copies bytes between two buffers of equal {@link Buffer#byteSize()}, host to device, device to host or on the device. */
  public abstract void copy(Buffer from, Buffer to);

  /** Waits until everything launched so far has finished. */
  public abstract void sync();

  /**
   * Nanoseconds that the device has worked for this queue, by its own clock, for all that was waited for; -1 if it does not tell. The queue
   * is taken.
   */
  public long deviceNanos() {
    return -1;
  }

  /**
   * Whether launches are captured by the backend. If not, the caller of {@link #record} keeps the kernels with their arguments.
   */
  public boolean captures() {
    return false;
  }

  /** Starts to capture: launches and copies on the device are kept, not run. Called if {@link #captures()}. */
  protected void startCapture() {}

  /** Ends it; never null if {@link #captures()}. If this throws, {@link #dropCapture} follows. */
  protected Captured endCapture() {
    return null;
  }

  /** Forgets what was captured so far, if anything; also after a start that failed. */
  protected void dropCapture() {}

  /** Called when the last recording was closed: nothing refers to old scratch memory any more. */
  protected void endPinning() {}

  /**
   * Captures what {@code calls} launches on this queue, which is taken meanwhile. Its buffers, sizes and other arguments are fixed.
   *
   * @param bound where the calls are kept if the queue does not capture them itself
   * @throws IllegalStateException if something is called that cannot be recorded
   */
  public final Captured record(Captured bound, Runnable calls) {
    begin();
    try {
      requireNotRecording("a recording");
      return capture(bound, calls);
    } finally {
      end();
    }
  }

  private Captured capture(Captured bound, Runnable calls) {
    recording = true;
    refused = false;
    RECORDING.add(this);
    boolean done = false;
    try {
      if (captures()) {
        startCapture();
      }
      calls.run();
      if (refused) {
        throw new IllegalStateException("the recording is incomplete: a call was refused");
      }
      Captured result = captures() ? endCapture() : bound;
      captured.add(result);
      done = true;
      return result;
    } finally {
      if (!done) {
        dropCapture();
      }
      RECORDING.remove(this);
      recording = false;
    }
  }

  /**
   * Launches again what was captured; the caller has taken the queue and checked that all memory is open.
   *
   * @throws IllegalStateException if it was discarded
   */
  public final void replay(Captured launches) {
    requireNotRecording("a replay");
    launches.replay();
  }

  /** Frees what was captured. A second call, or one after {@link #close}, is harmless. */
  public final void discard(Captured launches) {
    lock.lock();
    try {
      if (captured.remove(launches)) {
        launches.close();
        if (captured.isEmpty()) {
          endPinning();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Throws while calls are recorded: {@code what} cannot be. The recording fails then, even if this is caught.
   *
   * @throws IllegalStateException then
   */
  public final void requireNotRecording(String what) {
    if (recording && lock.isHeldByCurrentThread()) {
      refused = true;
      throw new IllegalStateException(what + " cannot be recorded; make the same calls once before recording them, with all transfers"
          + " and waits outside the recording");
    }
  }

  /** Whether recordings refer to the scratch memory of now. */
  protected final boolean isPinned() {
    return !captured.isEmpty();
  }

  /** Waits, then gives up scratch memory; called once. */
  protected abstract void release();

  /** Waits for the launch in progress, then refuses others. Closing twice is harmless. */
  @Override
  public final void close() {
    lock.lock();
    try {
      requireNotRecording("closing of a queue");
      if (!closed) {
        closed = true;
        closeAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void closeAll() {
    RuntimeException failure = null;
    List<Runnable> steps = new ArrayList<>();
    captured.forEach(launches -> steps.add(launches::close));
    steps.add(this::release);
    captured.clear();
    for (Runnable step : steps) {
      try {
        step.run();
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
}
