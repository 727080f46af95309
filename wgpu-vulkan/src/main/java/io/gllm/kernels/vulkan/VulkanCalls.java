package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.portable.KernelInterface;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import org.lwjgl.PointerBuffer;
import org.lwjgl.vulkan.VkBufferCopy;
import org.lwjgl.vulkan.VkBufferCreateInfo;
import org.lwjgl.vulkan.VkCommandBuffer;
import org.lwjgl.vulkan.VkCommandBufferAllocateInfo;
import org.lwjgl.vulkan.VkCommandBufferBeginInfo;
import org.lwjgl.vulkan.VkCommandPoolCreateInfo;
import org.lwjgl.vulkan.VkComputePipelineCreateInfo;
import org.lwjgl.vulkan.VkDebugUtilsMessengerCreateInfoEXT;
import org.lwjgl.vulkan.VkDescriptorPoolCreateInfo;
import org.lwjgl.vulkan.VkDescriptorSetAllocateInfo;
import org.lwjgl.vulkan.VkDescriptorSetLayoutCreateInfo;
import org.lwjgl.vulkan.VkDevice;
import org.lwjgl.vulkan.VkDeviceCreateInfo;
import org.lwjgl.vulkan.VkExtensionProperties;
import org.lwjgl.vulkan.VkInstance;
import org.lwjgl.vulkan.VkInstanceCreateInfo;
import org.lwjgl.vulkan.VkMemoryAllocateInfo;
import org.lwjgl.vulkan.VkMemoryBarrier;
import org.lwjgl.vulkan.VkMemoryRequirements;
import org.lwjgl.vulkan.VkPhysicalDevice;
import org.lwjgl.vulkan.VkPhysicalDeviceMemoryProperties2;
import org.lwjgl.vulkan.VkPhysicalDeviceProperties2;
import org.lwjgl.vulkan.VkPipelineCacheCreateInfo;
import org.lwjgl.vulkan.VkPipelineLayoutCreateInfo;
import org.lwjgl.vulkan.VkQueue;
import org.lwjgl.vulkan.VkQueueFamilyProperties;
import org.lwjgl.vulkan.VkSemaphoreCreateInfo;
import org.lwjgl.vulkan.VkSemaphoreWaitInfo;
import org.lwjgl.vulkan.VkShaderModuleCreateInfo;
import org.lwjgl.vulkan.VkSubmitInfo;
import org.lwjgl.vulkan.VkWriteDescriptorSet;

/**
 * Every function of Vulkan that an open device calls, with the arguments that never vary left out: the seam at which tests count
 * objects and let calls fail. Results are Vulkan's; {@link VulkanResult} makes exceptions of them.
 */
interface VulkanCalls {
  /** Storage buffers that a kernel may bind. */
  int BINDINGS = KernelInterface.MAX_BUFFERS;
  /** Bytes of push constants: a word for each binding, then the parameters. */
  int PUSH_BYTES = 4 * (KernelInterface.MAX_BUFFERS + KernelInterface.MAX_PARAMETERS);

  int vkCreateInstance(VkInstanceCreateInfo info, PointerBuffer out);

  void vkDestroyInstance(VkInstance instance);

  int vkCreateDebugUtilsMessengerEXT(VkInstance instance, VkDebugUtilsMessengerCreateInfoEXT info, LongBuffer out);

  void vkDestroyDebugUtilsMessengerEXT(VkInstance instance, long messenger);

  int vkEnumeratePhysicalDevices(VkInstance instance, IntBuffer count, PointerBuffer out);

  void vkGetPhysicalDeviceProperties2(VkPhysicalDevice device, VkPhysicalDeviceProperties2 out);

  void vkGetPhysicalDeviceMemoryProperties2(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties2 out);

  void vkGetPhysicalDeviceQueueFamilyProperties(VkPhysicalDevice device, IntBuffer count, VkQueueFamilyProperties.Buffer out);

  int vkEnumerateDeviceExtensionProperties(VkPhysicalDevice device, IntBuffer count, VkExtensionProperties.Buffer out);

  int vkCreateDevice(VkPhysicalDevice physical, VkDeviceCreateInfo info, PointerBuffer out);

  void vkDestroyDevice(VkDevice device);

  int vkDeviceWaitIdle(VkDevice device);

  void vkGetDeviceQueue(VkDevice device, int family, int index, PointerBuffer out);

  int vkQueueSubmit(VkQueue queue, VkSubmitInfo info);

  int vkCreateSemaphore(VkDevice device, VkSemaphoreCreateInfo info, LongBuffer out);

  void vkDestroySemaphore(VkDevice device, long semaphore);

  int vkGetSemaphoreCounterValue(VkDevice device, long semaphore, LongBuffer out);

  int vkWaitSemaphores(VkDevice device, VkSemaphoreWaitInfo info, long nanos);

  int vkCreateBuffer(VkDevice device, VkBufferCreateInfo info, LongBuffer out);

  void vkDestroyBuffer(VkDevice device, long buffer);

  void vkGetBufferMemoryRequirements(VkDevice device, long buffer, VkMemoryRequirements out);

  int vkAllocateMemory(VkDevice device, VkMemoryAllocateInfo info, LongBuffer out);

  void vkFreeMemory(VkDevice device, long memory);

  int vkBindBufferMemory(VkDevice device, long buffer, long memory, long offset);

  int vkMapMemory(VkDevice device, long memory, long offset, long bytes, PointerBuffer out);

  int vkCreateDescriptorSetLayout(VkDevice device, VkDescriptorSetLayoutCreateInfo info, LongBuffer out);

  void vkDestroyDescriptorSetLayout(VkDevice device, long layout);

  int vkCreateDescriptorPool(VkDevice device, VkDescriptorPoolCreateInfo info, LongBuffer out);

  void vkDestroyDescriptorPool(VkDevice device, long pool);

  int vkAllocateDescriptorSets(VkDevice device, VkDescriptorSetAllocateInfo info, LongBuffer out);

  void vkUpdateDescriptorSets(VkDevice device, VkWriteDescriptorSet.Buffer writes);

  int vkCreatePipelineLayout(VkDevice device, VkPipelineLayoutCreateInfo info, LongBuffer out);

  void vkDestroyPipelineLayout(VkDevice device, long layout);

  int vkCreatePipelineCache(VkDevice device, VkPipelineCacheCreateInfo info, LongBuffer out);

  void vkDestroyPipelineCache(VkDevice device, long cache);

  int vkGetPipelineCacheData(VkDevice device, long cache, PointerBuffer bytes, ByteBuffer out);

  int vkCreateShaderModule(VkDevice device, VkShaderModuleCreateInfo info, LongBuffer out);

  void vkDestroyShaderModule(VkDevice device, long module);

  int vkCreateComputePipelines(VkDevice device, long cache, VkComputePipelineCreateInfo.Buffer infos, LongBuffer out);

  void vkDestroyPipeline(VkDevice device, long pipeline);

  int vkCreateCommandPool(VkDevice device, VkCommandPoolCreateInfo info, LongBuffer out);

  void vkDestroyCommandPool(VkDevice device, long pool);

  int vkAllocateCommandBuffers(VkDevice device, VkCommandBufferAllocateInfo info, PointerBuffer out);

  int vkResetCommandBuffer(VkCommandBuffer commands);

  int vkBeginCommandBuffer(VkCommandBuffer commands, VkCommandBufferBeginInfo info);

  int vkEndCommandBuffer(VkCommandBuffer commands);

  void vkCmdPipelineBarrier(VkCommandBuffer commands, int from, int to, VkMemoryBarrier.Buffer barriers);

  void vkCmdFillBuffer(VkCommandBuffer commands, long buffer, long offset, long bytes, int word);

  void vkCmdCopyBuffer(VkCommandBuffer commands, long from, long to, VkBufferCopy.Buffer regions);

  void vkCmdBindPipeline(VkCommandBuffer commands, long pipeline);

  void vkCmdBindDescriptorSets(VkCommandBuffer commands, long layout, LongBuffer sets);

  void vkCmdPushConstants(VkCommandBuffer commands, long layout, ByteBuffer values);

  void vkCmdDispatch(VkCommandBuffer commands, int x, int y, int z);
}
