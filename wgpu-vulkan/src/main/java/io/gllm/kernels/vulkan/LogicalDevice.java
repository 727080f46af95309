package io.gllm.kernels.vulkan;

import static org.lwjgl.vulkan.EXTMemoryBudget.VK_EXT_MEMORY_BUDGET_EXTENSION_NAME;

import io.gllm.kernels.api.DeviceLostException;
import io.gllm.kernels.api.KernelException;
import java.nio.IntBuffer;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VK12;
import org.lwjgl.vulkan.VkDevice;
import org.lwjgl.vulkan.VkDeviceCreateInfo;
import org.lwjgl.vulkan.VkDeviceQueueCreateInfo;
import org.lwjgl.vulkan.VkExtensionProperties;
import org.lwjgl.vulkan.VkPhysicalDevice;
import org.lwjgl.vulkan.VkPhysicalDeviceLimits;
import org.lwjgl.vulkan.VkPhysicalDeviceMaintenance3Properties;
import org.lwjgl.vulkan.VkPhysicalDeviceProperties;
import org.lwjgl.vulkan.VkPhysicalDeviceProperties2;
import org.lwjgl.vulkan.VkPhysicalDeviceTimelineSemaphoreFeatures;
import org.lwjgl.vulkan.VkQueue;
import org.lwjgl.vulkan.VkQueueFamilyProperties;

/** The device's handle, its compute queue, and its limits. Knows whether the device is lost. */
final class LogicalDevice {
  private static final int MAX_FAMILIES = 64;
  private static final long MAX_BINDING = 0xffff_fffcL;

  /**
   * What the device allows.
   *
   * @param bindingAlignment alignment of a storage buffer's first byte
   * @param bindingBytes the most bytes of a storage buffer
   * @param allocationBytes the most bytes of one allocation
   * @param threads the most threads of a work group
   * @param shared the most bytes of shared memory
   */
  record Limits(long bindingAlignment, long bindingBytes, long allocationBytes, int threads, int shared) {}

  private final VulkanCalls calls;
  private final VkPhysicalDevice physical;
  private final VkDevice handle;
  private final VkQueue queue;
  private final int family;
  private final Limits limits;
  private final PipelineCacheFile.Header cacheHeader;
  private final boolean tellsBudget;
  private volatile String lost;

  private LogicalDevice(VulkanCalls calls, VkPhysicalDevice physical, VkDevice handle, int family, MemoryStack stack) {
    this.calls = calls;
    this.physical = physical;
    this.handle = handle;
    this.family = family;
    PointerBuffer out = stack.mallocPointer(1);
    calls.vkGetDeviceQueue(handle, family, 0, out);
    this.queue = new VkQueue(out.get(0), handle);
    VkPhysicalDeviceMaintenance3Properties sizes = VkPhysicalDeviceMaintenance3Properties.calloc(stack).sType$Default();
    VkPhysicalDeviceProperties2 all = VkPhysicalDeviceProperties2.calloc(stack).sType$Default().pNext(sizes);
    calls.vkGetPhysicalDeviceProperties2(physical, all);
    VkPhysicalDeviceProperties properties = all.properties();
    VkPhysicalDeviceLimits most = properties.limits();
    this.limits = new Limits(most.minStorageBufferOffsetAlignment(),
        Math.min(Integer.toUnsignedLong(most.maxStorageBufferRange()), MAX_BINDING), sizes.maxMemoryAllocationSize(),
        most.maxComputeWorkGroupInvocations(), most.maxComputeSharedMemorySize());
    byte[] uuid = new byte[VK10.VK_UUID_SIZE];
    properties.pipelineCacheUUID().get(uuid);
    this.cacheHeader = new PipelineCacheFile.Header(properties.vendorID(), properties.deviceID(), uuid);
    this.tellsBudget = hasExtension(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  }

  /**
   * Opens a device with one compute queue and timeline semaphores.
   *
   * @throws KernelException if the driver refuses
   */
  static LogicalDevice open(VulkanCalls calls, VkPhysicalDevice physical) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      int family = computeFamily(calls, physical, stack);
      VkDeviceQueueCreateInfo.Buffer queues = VkDeviceQueueCreateInfo.calloc(1, stack).sType$Default().queueFamilyIndex(family)
          .pQueuePriorities(stack.floats(1));
      VkDeviceCreateInfo info = VkDeviceCreateInfo.calloc(stack).sType$Default().pQueueCreateInfos(queues)
          .pNext(VkPhysicalDeviceTimelineSemaphoreFeatures.calloc(stack).sType$Default().timelineSemaphore(true));
      PointerBuffer out = stack.mallocPointer(1);
      VulkanResult.check("vkCreateDevice", calls.vkCreateDevice(physical, info, out));
      VkDevice handle = new VkDevice(out.get(0), physical, info, VK12.VK_API_VERSION_1_2);
      try {
        return new LogicalDevice(calls, physical, handle, family, stack);
      } catch (RuntimeException e) {
        calls.vkDestroyDevice(handle);
        throw e;
      }
    }
  }

  /** A family for compute alone runs beside what the desktop draws; the others have both. */
  private static int computeFamily(VulkanCalls calls, VkPhysicalDevice physical, MemoryStack stack) {
    IntBuffer count = stack.ints(MAX_FAMILIES);
    VkQueueFamilyProperties.Buffer families = VkQueueFamilyProperties.calloc(MAX_FAMILIES, stack);
    calls.vkGetPhysicalDeviceQueueFamilyProperties(physical, count, families);
    int any = -1;
    for (int i = 0; i < count.get(0); i++) {
      int flags = families.get(i).queueFlags();
      if ((flags & VK10.VK_QUEUE_COMPUTE_BIT) != 0) {
        if ((flags & VK10.VK_QUEUE_GRAPHICS_BIT) == 0) {
          return i;
        }
        any = any < 0 ? i : any;
      }
    }
    if (any < 0) {
      throw new KernelException("the Vulkan device has no compute queue");
    }
    return any;
  }

  private boolean hasExtension(String name) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      IntBuffer count = stack.mallocInt(1);
      check("vkEnumerateDeviceExtensionProperties", calls.vkEnumerateDeviceExtensionProperties(physical, count, null));
      try (VkExtensionProperties.Buffer all = VkExtensionProperties.calloc(Math.max(1, count.get(0)))) {
        check("vkEnumerateDeviceExtensionProperties", calls.vkEnumerateDeviceExtensionProperties(physical, count, all));
        return all.stream().limit(count.get(0)).anyMatch(extension -> extension.extensionNameString().equals(name));
      }
    }
  }

  VulkanCalls calls() {
    return calls;
  }

  VkPhysicalDevice physical() {
    return physical;
  }

  VkDevice handle() {
    return handle;
  }

  VkQueue queue() {
    return queue;
  }

  int family() {
    return family;
  }

  Limits limits() {
    return limits;
  }

  PipelineCacheFile.Header cacheHeader() {
    return cacheHeader;
  }

  /** Whether the driver tells how much memory is free. */
  boolean tellsBudget() {
    return tellsBudget;
  }

  /**
   * Throws unless {@code result} is a success, and remembers a lost device.
   *
   * @throws DeviceLostException if the device is lost
   * @throws KernelException for every other failure
   */
  void check(String function, int result) {
    if (result == VulkanResult.DEVICE_LOST) {
      lost = VulkanResult.describe(function, result);
    }
    VulkanResult.check(function, result);
  }

  /**
   * To be called before work is given to the device.
   *
   * @throws DeviceLostException if it was lost earlier
   */
  void requireAlive() {
    if (lost != null) {
      throw new DeviceLostException("the Vulkan device is lost: " + lost);
    }
  }

  boolean isLost() {
    return lost != null;
  }

  void close() {
    calls.vkDestroyDevice(handle);
  }
}
