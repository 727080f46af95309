package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.KernelException;
import java.nio.LongBuffer;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VkBufferCreateInfo;
import org.lwjgl.vulkan.VkMemoryAllocateInfo;
import org.lwjgl.vulkan.VkMemoryRequirements;
import org.lwjgl.vulkan.VkPhysicalDeviceMemoryProperties;
import org.lwjgl.vulkan.VkPhysicalDeviceMemoryProperties2;

/** One allocation from the driver with one buffer over all of it: device memory, or host memory that the device can reach. */
final class Block {
  private static final int DEVICE_LOCAL = VK10.VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  private static final int VISIBLE = VK10.VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK10.VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  private static final int CACHED = VISIBLE | VK10.VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  private static final int USAGE = VK10.VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK10.VK_BUFFER_USAGE_TRANSFER_SRC_BIT
      | VK10.VK_BUFFER_USAGE_TRANSFER_DST_BIT;

  private final LogicalDevice device;
  private final Teardown teardown = new Teardown();
  private final long bytes;
  private final long buffer;
  private final long address;
  private final Suballocator ranges;

  /**
   * Allocates a block.
   *
   * @param bytes its size, a multiple of the {@linkplain Suballocator#GRANULE granule}
   * @param mapped whether the host sees it
   * @throws KernelException if the driver refuses
   */
  Block(LogicalDevice device, long bytes, boolean mapped) {
    this.device = device;
    this.bytes = bytes;
    this.ranges = new Suballocator(bytes);
    try (MemoryStack stack = MemoryStack.stackPush()) {
      buffer = createBuffer(stack);
      address = allocate(stack, mapped);
    } catch (RuntimeException e) {
      throw teardown.after(e);
    }
  }

  private long createBuffer(MemoryStack stack) {
    VulkanCalls calls = device.calls();
    LongBuffer out = stack.mallocLong(1);
    VkBufferCreateInfo info = VkBufferCreateInfo.calloc(stack).sType$Default().size(bytes).usage(USAGE);
    device.check("vkCreateBuffer", calls.vkCreateBuffer(device.handle(), info, out));
    long created = out.get(0);
    teardown.add(() -> calls.vkDestroyBuffer(device.handle(), created));
    return created;
  }

  /** Backs the buffer with memory; the result is its host address, or 0. */
  private long allocate(MemoryStack stack, boolean mapped) {
    VulkanCalls calls = device.calls();
    VkMemoryRequirements needs = VkMemoryRequirements.calloc(stack);
    calls.vkGetBufferMemoryRequirements(device.handle(), buffer, needs);
    VkMemoryAllocateInfo info = VkMemoryAllocateInfo.calloc(stack).sType$Default().allocationSize(needs.size())
        .memoryTypeIndex(memoryType(stack, needs.memoryTypeBits(), mapped));
    LongBuffer out = stack.mallocLong(1);
    device.check("vkAllocateMemory", calls.vkAllocateMemory(device.handle(), info, out));
    long memory = out.get(0);
    teardown.add(() -> calls.vkFreeMemory(device.handle(), memory));
    device.check("vkBindBufferMemory", calls.vkBindBufferMemory(device.handle(), buffer, memory, 0));
    if (!mapped) {
      return 0;
    }
    PointerBuffer pointer = stack.mallocPointer(1);
    device.check("vkMapMemory", calls.vkMapMemory(device.handle(), memory, 0, bytes, pointer));
    return pointer.get(0);
  }

  private int memoryType(MemoryStack stack, int allowed, boolean mapped) {
    VkPhysicalDeviceMemoryProperties2 all = VkPhysicalDeviceMemoryProperties2.calloc(stack).sType$Default();
    device.calls().vkGetPhysicalDeviceMemoryProperties2(device.physical(), all);
    VkPhysicalDeviceMemoryProperties types = all.memoryProperties();
    // Cached, since the host reads results from it; every device has a coherent type.
    int type = largest(types, allowed, mapped ? CACHED : DEVICE_LOCAL);
    type = type < 0 && mapped ? largest(types, allowed, VISIBLE) : type;
    if (type < 0) {
      throw new KernelException("the Vulkan device has no " + (mapped ? "coherent host" : "local") + " memory for storage buffers");
    }
    return type;
  }

  /** The first type with {@code flags} on the largest heap, or -1. */
  private static int largest(VkPhysicalDeviceMemoryProperties types, int allowed, int flags) {
    int best = -1;
    long most = 0;
    for (int i = 0; i < types.memoryTypeCount(); i++) {
      long heap = types.memoryHeaps(types.memoryTypes(i).heapIndex()).size();
      if ((allowed >>> i & 1) != 0 && (types.memoryTypes(i).propertyFlags() & flags) == flags && heap > most) {
        best = i;
        most = heap;
      }
    }
    return best;
  }

  long bytes() {
    return bytes;
  }

  /** Vulkan's handle of the buffer. */
  long buffer() {
    return buffer;
  }

  /** Host address of the first byte, or 0 if the host does not see it. */
  long address() {
    return address;
  }

  Suballocator ranges() {
    return ranges;
  }

  /** Frees it; no command may use it any more. */
  void close() {
    teardown.run();
  }
}
