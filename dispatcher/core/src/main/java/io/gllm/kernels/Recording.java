package io.gllm.kernels;

import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.Queue;

/**
 * A sequence of operators that was captured once and is launched again as a whole: a CUDA graph, a Vulkan command buffer, or a list of
 * kernels with their arguments. Buffers, sizes and all other arguments are those of the recording; what lies in the buffers is read at
 * each replay. So a token id, positions or a length that change from replay to replay belong in a buffer.
 *
 * <p>A replay gives the bits that the direct calls give, and runs in order with the other calls of its dispatcher; a wrong index is
 * told when the host next waits, as for direct calls. It may be used by any thread. See {@link KernelDispatcher#record}.
 */
public final class Recording implements AutoCloseable {
  private final Queue queue;
  private final Queue.Captured captured;
  private final DeviceMemory[] memories;
  private volatile boolean closed;

  Recording(Queue queue, Queue.Captured captured, DeviceMemory[] memories) {
    this.queue = queue;
    this.captured = captured;
    this.memories = memories;
  }

  /**
   * Launches everything again, without waiting for it. Puts nothing on the heap.
   *
   * @throws IllegalStateException if the recording, its dispatcher or one of its buffers is closed; nothing is launched then
   */
  public void replay() {
    queue.begin();
    try {
      if (closed) {
        throw new IllegalStateException("the recording is closed");
      }
      requireOpen(memories);
      queue.replay(captured);
    } finally {
      queue.end();
    }
  }

  /** Under the queue's lock: memory is freed only after that was free once. */
  static void requireOpen(DeviceMemory[] memories) {
    for (DeviceMemory memory : memories) {
      if (!memory.isOpen()) {
        throw new IllegalStateException("a buffer of the recording is closed");
      }
    }
  }

  /** Frees what the recording holds, once its replays have finished; its buffers stay. Closing twice is harmless. */
  @Override
  public void close() {
    closed = true;
    queue.discard(captured);
  }
}
