package io.gllm.kernels.api.spi;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import java.util.concurrent.locks.ReentrantLock;

/**
 * An in-order sequence of kernel launches. One thread at a time launches: callers bracket launches with {@link #begin()}
 * and {@link #end()}, which also lets a closing buffer wait until no launch uses it.
 */
public abstract class Queue implements AutoCloseable {
  private final ReentrantLock lock = new ReentrantLock();
  private boolean closed;

  /** For subclasses. */
  protected Queue() {}

  /**
   * Takes the queue for a launch.
   *
   * @throws IllegalStateException if it is closed
   */
  public final void begin() {
    lock.lock();
    if (closed) {
      lock.unlock();
      throw new IllegalStateException("the queue is closed");
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

  /** Waits, then gives up scratch memory; called once. */
  protected abstract void release();

  /** Waits for the launch in progress, then refuses others. Closing twice is harmless. */
  @Override
  public final void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        release();
      }
    } finally {
      lock.unlock();
    }
  }
}
