package io.gllm.kernels.vulkan;

import java.lang.foreign.MemorySegment;

/**
 * The way between host and device memory: two halves of a block that both see. One is filled or read while the device copies the
 * other. For the thread that owns the queue.
 */
final class Staging {
  /** Twice this stays mapped; copies of 4 MiB reach the speed of the bus. */
  static final int HALF = 4 << 20;

  private final Recorder recorder;
  private final Block block;
  private final MemorySegment host;
  private final long[] submissions = new long[2];
  private int half;
  private int position;

  /**
   * For the copies of {@code recorder}.
   *
   * @throws io.gllm.kernels.api.KernelException if there is no memory
   */
  Staging(LogicalDevice device, Recorder recorder) {
    this.recorder = recorder;
    this.block = new Block(device, 2L * HALF, true);
    this.host = MemorySegment.ofAddress(block.address()).reinterpret(block.bytes());
  }

  /** Copies all of {@code from} to the device; returns when {@code from} has been read. */
  void upload(MemorySegment from, VulkanMemory to, long offset) {
    long done = 0;
    while (done < from.byteSize()) {
      if (position == HALF) {
        turn();
      }
      long bytes = Math.min(from.byteSize() - done, HALF - position);
      long at = (long) half * HALF + position;
      MemorySegment.copy(from, done, host, at, bytes);
      recorder.copy(block.buffer(), at, to.block().buffer(), to.offset() + offset + done, bytes);
      position += (int) bytes;
      done += bytes;
    }
  }

  /** Copies from the device until {@code to} is full; returns when the bytes are there. */
  void download(VulkanMemory from, long offset, MemorySegment to) {
    if (position > 0) {
      turn();
    }
    long size = to.byteSize();
    for (long start = 0; start < size + HALF; start += HALF) {
      if (start < size) { // the device fills one half
        recorder.copy(from.block().buffer(), from.offset() + offset + start, block.buffer(), (long) half * HALF,
            Math.min(HALF, size - start));
        submissions[half] = recorder.flush();
      }
      half ^= 1;
      long before = start - HALF;
      if (before >= 0) { // while the host empties the other one
        recorder.await(submissions[half]);
        MemorySegment.copy(host, (long) half * HALF, to, before, Math.min(HALF, size - before));
      }
    }
  }

  /** Goes to the other half once the device has finished with it. */
  private void turn() {
    submissions[half] = recorder.flush();
    half ^= 1;
    position = 0;
    recorder.await(submissions[half]);
  }

  void close() {
    block.close();
  }
}
