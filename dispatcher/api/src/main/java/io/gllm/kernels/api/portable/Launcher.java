package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;

/** What the queue of a backend offers to the portable kernels. */
public interface Launcher {
  /**
   * The kernel called {@code symbol}, for this queue. Called at start; a backend may load its code at the first launch.
   *
   * @throws io.gllm.kernels.api.KernelException if the device's blob has no such kernel
   */
  Launch prepare(String symbol);

  /** Whether the driver takes a kernel that may be refused; a device that is refused one keeps the reason. Called at start. */
  default boolean takes(String symbol) {
    return true;
  }

  /** The most bytes that one buffer of a launch may span, below 2^32: larger operands are launched in windows. */
  long windowBytes();

  /**
   * Memory for intermediate results, at least {@code bytes} long as bytes (i8), contents undefined. A number names the same memory in
   * each call until it has to grow, which waits for the queue; numbers are private to a kernel for the time of its call.
   */
  Buffer scratch(int number, long bytes);

  /**
   * Four words that a kernel writes when it finds an index outside its range: what, position, value, limit; see {@link Fault}. The
   * backend looks at the first one whenever it waits for the queue.
   */
  Buffer faults();

  /** As {@link io.gllm.kernels.api.spi.Queue#copy}. */
  void copy(Buffer from, Buffer to);

  /** As {@link io.gllm.kernels.api.spi.Queue#sync}. */
  void sync();

  /** What is known about the kernels of the device; one for all of its queues. */
  SelfTest selfTest();
}
