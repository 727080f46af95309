package io.gllm.kernels.vulkan;

import java.lang.foreign.Arena;
import java.nio.LongBuffer;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VK12;
import org.lwjgl.vulkan.VkCommandBuffer;
import org.lwjgl.vulkan.VkSemaphoreCreateInfo;
import org.lwjgl.vulkan.VkSemaphoreTypeCreateInfo;
import org.lwjgl.vulkan.VkSemaphoreWaitInfo;
import org.lwjgl.vulkan.VkSubmitInfo;
import org.lwjgl.vulkan.VkTimelineSemaphoreSubmitInfo;

/**
 * The order of everything that the device does: each submission to its queue gets the next number, and a semaphore counts those that
 * are finished. A submission begins with a barrier against all earlier ones, so a number that is reached means that all smaller ones
 * are, and memory that is given back after a submission may be used by a later one. Thread-safe; allocates nothing.
 */
final class Timeline {
  private final LogicalDevice device;
  private final VulkanCalls calls;
  private final long semaphore;
  private final Arena arena = Arena.ofShared();
  private final VkSubmitInfo submission;
  private final PointerBuffer commandBuffer;
  private final LongBuffer signalled;
  private final LongBuffer counter;
  private long last;
  private volatile long reached;

  Timeline(LogicalDevice device) {
    this.device = device;
    this.calls = device.calls();
    try (MemoryStack stack = MemoryStack.stackPush()) {
      VkSemaphoreTypeCreateInfo type = VkSemaphoreTypeCreateInfo.calloc(stack).sType$Default()
          .semaphoreType(VK12.VK_SEMAPHORE_TYPE_TIMELINE);
      LongBuffer out = stack.mallocLong(1);
      device.check("vkCreateSemaphore",
          calls.vkCreateSemaphore(device.handle(), VkSemaphoreCreateInfo.calloc(stack).sType$Default().pNext(type), out));
      semaphore = out.get(0);
    }
    commandBuffer = MemoryUtil.memPointerBuffer(struct(arena, Long.BYTES), 1);
    signalled = MemoryUtil.memLongBuffer(struct(arena, Long.BYTES), 1);
    counter = MemoryUtil.memLongBuffer(struct(arena, Long.BYTES), 1);
    LongBuffer semaphores = MemoryUtil.memLongBuffer(struct(arena, Long.BYTES), 1).put(0, semaphore);
    VkTimelineSemaphoreSubmitInfo values = VkTimelineSemaphoreSubmitInfo.create(struct(arena, VkTimelineSemaphoreSubmitInfo.SIZEOF))
        .sType$Default().pSignalSemaphoreValues(signalled);
    submission = VkSubmitInfo.create(struct(arena, VkSubmitInfo.SIZEOF)).sType$Default().pNext(values).pCommandBuffers(commandBuffer)
        .pSignalSemaphores(semaphores);
  }

  /** Address of a zeroed struct that lives as long as {@code arena}. */
  static long struct(Arena arena, long bytes) {
    return arena.allocate(bytes, Long.BYTES).address();
  }

  /**
   * Submits recorded commands.
   *
   * @return their number
   * @throws io.gllm.kernels.api.KernelException if the driver refuses; then they never run
   */
  synchronized long submit(VkCommandBuffer commands) {
    commandBuffer.put(0, commands);
    signalled.put(0, last + 1);
    device.check("vkQueueSubmit", calls.vkQueueSubmit(device.queue(), submission));
    last++;
    return last;
  }

  /** Number of the latest submission; 0 if there is none. */
  synchronized long last() {
    return last;
  }

  /** Whether submission {@code number} is finished. */
  boolean isReached(long number) {
    return number <= reached || number <= count();
  }

  private synchronized long count() {
    device.check("vkGetSemaphoreCounterValue", calls.vkGetSemaphoreCounterValue(device.handle(), semaphore, counter));
    reached = counter.get(0);
    return reached;
  }

  /** A place to wait, for one thread at a time. */
  Wait newWait() {
    return new Wait();
  }

  /** Waits for submissions to finish. */
  final class Wait {
    private final Arena structs = Arena.ofShared();
    private final LongBuffer value = MemoryUtil.memLongBuffer(struct(structs, Long.BYTES), 1);
    private final VkSemaphoreWaitInfo info = VkSemaphoreWaitInfo.create(struct(structs, VkSemaphoreWaitInfo.SIZEOF)).sType$Default()
        .semaphoreCount(1).pSemaphores(MemoryUtil.memLongBuffer(struct(structs, Long.BYTES), 1).put(0, semaphore)).pValues(value);

    private Wait() {}

    /** Returns when submission {@code number} is finished; the host sees what it wrote. */
    void until(long number) {
      if (number > reached) {
        value.put(0, number);
        device.check("vkWaitSemaphores", calls.vkWaitSemaphores(device.handle(), info, -1L));
        advance(number);
      }
    }

    void close() {
      structs.close();
    }
  }

  private synchronized void advance(long number) {
    reached = Math.max(reached, number);
  }

  /** Waits for the queue by other means, before objects are destroyed; never throws. */
  synchronized void settle() {
    int result = calls.vkDeviceWaitIdle(device.handle());
    if (result == VK10.VK_SUCCESS) {
      reached = last;
    }
  }

  void close() {
    calls.vkDestroySemaphore(device.handle(), semaphore);
    arena.close();
  }
}
