package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A kernel of a queue with its arguments: buffers for a descriptor set, and push constants. */
final class VulkanLaunch extends Launch {
  private static final int FIRST_PARAMETER = 4 * KernelInterface.MAX_BUFFERS;

  private final VulkanQueue queue;
  private final VulkanPipelines.Kernel code;
  private final long mostBytes;
  private final VulkanMemory[] memories;
  private final long[] offsets;
  private final long[] sizes;
  private final ByteBuffer push;

  /**
   * For {@code queue}.
   *
   * @param mostBytes the most bytes of a buffer
   */
  VulkanLaunch(VulkanQueue queue, VulkanPipelines.Kernel code, long mostBytes) {
    super(code.description());
    this.queue = queue;
    this.code = code;
    this.mostBytes = mostBytes;
    int buffers = kernel().buffers().size();
    this.memories = new VulkanMemory[buffers];
    this.offsets = new long[buffers];
    this.sizes = new long[buffers];
    this.push = Arena.ofAuto().allocate(VulkanCalls.PUSH_BYTES, Long.BYTES).asByteBuffer().order(ByteOrder.nativeOrder());
    this.push.limit(FIRST_PARAMETER + 4 * kernel().parameters().size());
  }

  @Override
  protected void bind(int index, DeviceMemory memory, long offset, long bytes) {
    if (index >= memories.length) {
      throw new KernelException(kernel().symbol() + " has " + memories.length + " buffers");
    }
    if (!(memory instanceof VulkanMemory own) || own.device() != queue.device()) {
      throw new KernelException("buffer " + index + " of " + kernel().symbol() + " is no memory of this device");
    }
    if (offset < 0 || bytes < 0 || offset > own.byteSize() + VulkanHeap.PADDING - bytes) {
      throw new KernelException("buffer " + index + " of " + kernel().symbol() + " leaves its memory: " + bytes + " bytes at " + offset
          + " of " + own.byteSize());
    }
    if (bytes > mostBytes) {
      throw new KernelException("buffer " + index + " of " + kernel().symbol() + " spans " + bytes + " bytes, at most " + mostBytes
          + " can be bound");
    }
    memories[index] = own;
    offsets[index] = offset;
    sizes[index] = bytes;
  }

  @Override
  protected void set(int index, int bits) {
    if (index >= kernel().parameters().size()) {
      throw new KernelException(kernel().symbol() + " has " + kernel().parameters().size() + " parameters");
    }
    push.putInt(FIRST_PARAMETER + 4 * index, bits);
  }

  @Override
  protected void run(int x, int y, int z) {
    queue.launch(this, x, y, z);
  }

  long pipeline() {
    return code.pipeline();
  }

  int buffers() {
    return memories.length;
  }

  VulkanMemory memory(int buffer) {
    return memories[buffer];
  }

  /** Byte at which a buffer starts in its memory. */
  long offset(int buffer) {
    return offsets[buffer];
  }

  /** Size of a buffer. */
  long bytes(int buffer) {
    return sizes[buffer];
  }

  /** Says how many words after its descriptor's start a buffer starts. */
  void at(int buffer, int words) {
    push.putInt(4 * buffer, words);
  }

  /** The push constants. */
  ByteBuffer values() {
    return push;
  }

  /**
   * Throws if a buffer has been closed.
   *
   * @throws IllegalStateException then
   */
  void requireOpenMemory() {
    for (VulkanMemory memory : memories) {
      if (!memory.isOpen()) {
        throw new IllegalStateException("a buffer of " + kernel().symbol() + " is closed");
      }
    }
  }
}
