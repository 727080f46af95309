package io.gllm.kernels.vulkan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VkPhysicalDeviceMemoryBudgetPropertiesEXT;
import org.lwjgl.vulkan.VkPhysicalDeviceMemoryProperties;
import org.lwjgl.vulkan.VkPhysicalDeviceMemoryProperties2;

/**
 * The device memory of one device, in blocks that are shared by small allocations; a large one has its own. A range that is given back
 * is used again at once, since every submission waits for the earlier ones; a block goes back to the driver when the submissions of
 * that moment are finished. Thread-safe.
 */
final class VulkanHeap {
  /** Drivers promise few allocations, 4096 at least; a model has thousands of buffers. */
  static final long BLOCK_BYTES = 64L << 20;
  /** Kernels read whole words, some of them four at a time, so the last word of an operand may end after it. */
  static final int PADDING = 16;
  private static final int FIRST_ADDRESS = 4096;

  private final LogicalDevice device;
  private final Timeline timeline;
  private final Timeline.Wait wait;
  private final Set<Block> own = new HashSet<>();
  private final List<Block> shared = new ArrayList<>();
  private final Deque<Retired> retired = new ArrayDeque<>();
  private long nextAddress = FIRST_ADDRESS;

  /** A block that is free once a submission is finished. */
  private record Retired(Block block, long after) {}

  VulkanHeap(LogicalDevice device, Timeline timeline) {
    this.device = device;
    this.timeline = timeline;
    this.wait = timeline.newWait();
  }

  /** Bytes that an allocation takes from its block. */
  static long span(long bytes) {
    return Suballocator.round(bytes + PADDING);
  }

  /**
   * Memory with undefined contents.
   *
   * @throws io.gllm.kernels.api.KernelException if the driver refuses
   */
  synchronized VulkanMemory allocate(VulkanDevice owner, long bytes) {
    reclaim();
    try {
      return place(owner, bytes);
    } catch (VulkanResult.VulkanException e) {
      if (!e.isOutOfMemory() || retired.isEmpty()) {
        throw e;
      }
      wait.until(retired.getLast().after());
      reclaim();
      return place(owner, bytes);
    }
  }

  private VulkanMemory place(VulkanDevice owner, long bytes) {
    long most = device.limits().allocationBytes();
    if (bytes > most - 2 * Suballocator.GRANULE) {
      throw new VulkanResult.VulkanException("the Vulkan device allocates at most " + most + " bytes at once",
          VulkanResult.OUT_OF_DEVICE_MEMORY);
    }
    long span = span(bytes);
    if (span > BLOCK_BYTES / 2) {
      Block block = new Block(device, span, false);
      own.add(block);
      return at(owner, block, block.ranges().take(span), bytes);
    }
    for (Block block : shared) {
      long offset = block.ranges().take(span);
      if (offset >= 0) {
        return at(owner, block, offset, bytes);
      }
    }
    Block block = new Block(device, BLOCK_BYTES, false);
    shared.add(block);
    return at(owner, block, block.ranges().take(span), bytes);
  }

  private VulkanMemory at(VulkanDevice owner, Block block, long offset, long bytes) {
    return new VulkanMemory(owner, block, offset, bytes, newAddress(bytes));
  }

  /** A range of numbers that no other allocation has had. */
  synchronized long newAddress(long bytes) {
    long address = nextAddress;
    nextAddress += span(bytes);
    return address;
  }

  /** Takes memory back whose last use has been submitted. */
  synchronized void free(VulkanMemory memory) {
    Block block = memory.block();
    block.ranges().give(memory.offset(), span(memory.byteSize()));
    boolean spare = shared.stream().anyMatch(other -> other != block && other.ranges().isUnused());
    if (own.remove(block) || spare && block.ranges().isUnused() && shared.remove(block)) {
      retired.add(new Retired(block, timeline.last()));
    }
    reclaim();
  }

  private void reclaim() {
    while (!retired.isEmpty() && !device.isLost() && timeline.isReached(retired.getFirst().after())) {
      retired.removeFirst().block().close();
    }
  }

  /** Bytes in total in the largest local heap and, where the driver tells, bytes free of it; else -1. */
  long[] totalAndFree() {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      VkPhysicalDeviceMemoryProperties2 all = VkPhysicalDeviceMemoryProperties2.calloc(stack).sType$Default();
      VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = VkPhysicalDeviceMemoryBudgetPropertiesEXT.calloc(stack).sType$Default();
      if (device.tellsBudget()) {
        all.pNext(budget);
      }
      device.calls().vkGetPhysicalDeviceMemoryProperties2(device.physical(), all);
      VkPhysicalDeviceMemoryProperties properties = all.memoryProperties();
      long[] result = {-1, -1};
      for (int i = 0; i < properties.memoryHeapCount(); i++) {
        long size = properties.memoryHeaps(i).size();
        if ((properties.memoryHeaps(i).flags() & VK10.VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0 && size > result[0]) {
          result[0] = size;
          result[1] = device.tellsBudget() ? Math.max(0, budget.heapBudget(i) - budget.heapUsage(i)) : -1;
        }
      }
      return result;
    }
  }

  /** Frees all blocks; the device must be idle. */
  synchronized void close() {
    retired.forEach(block -> block.block().close());
    own.forEach(Block::close);
    shared.forEach(Block::close);
    retired.clear();
    own.clear();
    shared.clear();
    wait.close();
  }
}
