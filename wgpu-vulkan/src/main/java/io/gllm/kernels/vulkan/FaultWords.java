package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.portable.Fault;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Where the kernels of a queue leave an index that is outside its range: four words that the host sees. */
final class FaultWords {
  private static final int WORDS = 4;

  private final Block block;
  private final MemorySegment words;
  private final Buffer buffer;

  /**
   * Without a fault.
   *
   * @throws io.gllm.kernels.api.KernelException if there is no memory
   */
  FaultWords(VulkanDevice owner, LogicalDevice device, VulkanHeap heap) {
    block = new Block(device, Suballocator.GRANULE, true);
    words = MemorySegment.ofAddress(block.address()).reinterpret(block.bytes()).fill((byte) 0);
    long bytes = (long) WORDS * Integer.BYTES;
    buffer = Buffer.owning(new VulkanMemory(owner, block, 0, bytes, heap.newAddress(bytes)), DType.I32, WORDS);
  }

  /** The words for a kernel. */
  Buffer buffer() {
    return buffer;
  }

  /**
   * To be called when the device has finished: throws what a kernel has left, and forgets it.
   *
   * @throws IndexOutOfBoundsException for a fault
   */
  void check() {
    int code = word(0);
    if (code != 0) {
      IndexOutOfBoundsException fault = Fault.of(code, word(1), word(2), word(3));
      words.fill((byte) 0);
      throw fault;
    }
  }

  private int word(int index) {
    return words.getAtIndex(ValueLayout.JAVA_INT, index);
  }

  void close() {
    block.close();
  }
}
