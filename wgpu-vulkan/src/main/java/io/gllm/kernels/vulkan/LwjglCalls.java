package io.gllm.kernels.vulkan;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import org.lwjgl.PointerBuffer;
import org.lwjgl.vulkan.EXTDebugUtils;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VK11;
import org.lwjgl.vulkan.VK12;
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

/** Vulkan through LWJGL; see {@link Lwjgl} for its start. */
final class LwjglCalls implements VulkanCalls {
  @Override
  public int vkCreateInstance(VkInstanceCreateInfo info, PointerBuffer out) {
    return VK10.vkCreateInstance(info, null, out);
  }

  @Override
  public void vkDestroyInstance(VkInstance instance) {
    VK10.vkDestroyInstance(instance, null);
  }

  @Override
  public int vkCreateDebugUtilsMessengerEXT(VkInstance instance, VkDebugUtilsMessengerCreateInfoEXT info, LongBuffer out) {
    return EXTDebugUtils.vkCreateDebugUtilsMessengerEXT(instance, info, null, out);
  }

  @Override
  public void vkDestroyDebugUtilsMessengerEXT(VkInstance instance, long messenger) {
    EXTDebugUtils.vkDestroyDebugUtilsMessengerEXT(instance, messenger, null);
  }

  @Override
  public int vkEnumeratePhysicalDevices(VkInstance instance, IntBuffer count, PointerBuffer out) {
    return VK10.vkEnumeratePhysicalDevices(instance, count, out);
  }

  @Override
  public void vkGetPhysicalDeviceProperties2(VkPhysicalDevice device, VkPhysicalDeviceProperties2 out) {
    VK11.vkGetPhysicalDeviceProperties2(device, out);
  }

  @Override
  public void vkGetPhysicalDeviceMemoryProperties2(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties2 out) {
    VK11.vkGetPhysicalDeviceMemoryProperties2(device, out);
  }

  @Override
  public void vkGetPhysicalDeviceQueueFamilyProperties(VkPhysicalDevice device, IntBuffer count, VkQueueFamilyProperties.Buffer out) {
    VK10.vkGetPhysicalDeviceQueueFamilyProperties(device, count, out);
  }

  @Override
  public int vkEnumerateDeviceExtensionProperties(VkPhysicalDevice device, IntBuffer count, VkExtensionProperties.Buffer out) {
    return VK10.vkEnumerateDeviceExtensionProperties(device, (ByteBuffer) null, count, out);
  }

  @Override
  public int vkCreateDevice(VkPhysicalDevice physical, VkDeviceCreateInfo info, PointerBuffer out) {
    return VK10.vkCreateDevice(physical, info, null, out);
  }

  @Override
  public void vkDestroyDevice(VkDevice device) {
    VK10.vkDestroyDevice(device, null);
  }

  @Override
  public int vkDeviceWaitIdle(VkDevice device) {
    return VK10.vkDeviceWaitIdle(device);
  }

  @Override
  public void vkGetDeviceQueue(VkDevice device, int family, int index, PointerBuffer out) {
    VK10.vkGetDeviceQueue(device, family, index, out);
  }

  @Override
  public int vkQueueSubmit(VkQueue queue, VkSubmitInfo info) {
    return VK10.vkQueueSubmit(queue, info, VK10.VK_NULL_HANDLE);
  }

  @Override
  public int vkCreateSemaphore(VkDevice device, VkSemaphoreCreateInfo info, LongBuffer out) {
    return VK10.vkCreateSemaphore(device, info, null, out);
  }

  @Override
  public void vkDestroySemaphore(VkDevice device, long semaphore) {
    VK10.vkDestroySemaphore(device, semaphore, null);
  }

  @Override
  public int vkGetSemaphoreCounterValue(VkDevice device, long semaphore, LongBuffer out) {
    return VK12.vkGetSemaphoreCounterValue(device, semaphore, out);
  }

  @Override
  public int vkWaitSemaphores(VkDevice device, VkSemaphoreWaitInfo info, long nanos) {
    return VK12.vkWaitSemaphores(device, info, nanos);
  }

  @Override
  public int vkCreateBuffer(VkDevice device, VkBufferCreateInfo info, LongBuffer out) {
    return VK10.vkCreateBuffer(device, info, null, out);
  }

  @Override
  public void vkDestroyBuffer(VkDevice device, long buffer) {
    VK10.vkDestroyBuffer(device, buffer, null);
  }

  @Override
  public void vkGetBufferMemoryRequirements(VkDevice device, long buffer, VkMemoryRequirements out) {
    VK10.vkGetBufferMemoryRequirements(device, buffer, out);
  }

  @Override
  public int vkAllocateMemory(VkDevice device, VkMemoryAllocateInfo info, LongBuffer out) {
    return VK10.vkAllocateMemory(device, info, null, out);
  }

  @Override
  public void vkFreeMemory(VkDevice device, long memory) {
    VK10.vkFreeMemory(device, memory, null);
  }

  @Override
  public int vkBindBufferMemory(VkDevice device, long buffer, long memory, long offset) {
    return VK10.vkBindBufferMemory(device, buffer, memory, offset);
  }

  @Override
  public int vkMapMemory(VkDevice device, long memory, long offset, long bytes, PointerBuffer out) {
    return VK10.vkMapMemory(device, memory, offset, bytes, 0, out);
  }

  @Override
  public int vkCreateDescriptorSetLayout(VkDevice device, VkDescriptorSetLayoutCreateInfo info, LongBuffer out) {
    return VK10.vkCreateDescriptorSetLayout(device, info, null, out);
  }

  @Override
  public void vkDestroyDescriptorSetLayout(VkDevice device, long layout) {
    VK10.vkDestroyDescriptorSetLayout(device, layout, null);
  }

  @Override
  public int vkCreateDescriptorPool(VkDevice device, VkDescriptorPoolCreateInfo info, LongBuffer out) {
    return VK10.vkCreateDescriptorPool(device, info, null, out);
  }

  @Override
  public void vkDestroyDescriptorPool(VkDevice device, long pool) {
    VK10.vkDestroyDescriptorPool(device, pool, null);
  }

  @Override
  public int vkAllocateDescriptorSets(VkDevice device, VkDescriptorSetAllocateInfo info, LongBuffer out) {
    return VK10.vkAllocateDescriptorSets(device, info, out);
  }

  @Override
  public void vkUpdateDescriptorSets(VkDevice device, VkWriteDescriptorSet.Buffer writes) {
    VK10.vkUpdateDescriptorSets(device, writes, null);
  }

  @Override
  public int vkCreatePipelineLayout(VkDevice device, VkPipelineLayoutCreateInfo info, LongBuffer out) {
    return VK10.vkCreatePipelineLayout(device, info, null, out);
  }

  @Override
  public void vkDestroyPipelineLayout(VkDevice device, long layout) {
    VK10.vkDestroyPipelineLayout(device, layout, null);
  }

  @Override
  public int vkCreatePipelineCache(VkDevice device, VkPipelineCacheCreateInfo info, LongBuffer out) {
    return VK10.vkCreatePipelineCache(device, info, null, out);
  }

  @Override
  public void vkDestroyPipelineCache(VkDevice device, long cache) {
    VK10.vkDestroyPipelineCache(device, cache, null);
  }

  @Override
  public int vkGetPipelineCacheData(VkDevice device, long cache, PointerBuffer bytes, ByteBuffer out) {
    return VK10.vkGetPipelineCacheData(device, cache, bytes, out);
  }

  @Override
  public int vkCreateShaderModule(VkDevice device, VkShaderModuleCreateInfo info, LongBuffer out) {
    return VK10.vkCreateShaderModule(device, info, null, out);
  }

  @Override
  public void vkDestroyShaderModule(VkDevice device, long module) {
    VK10.vkDestroyShaderModule(device, module, null);
  }

  @Override
  public int vkCreateComputePipelines(VkDevice device, long cache, VkComputePipelineCreateInfo.Buffer infos, LongBuffer out) {
    return VK10.vkCreateComputePipelines(device, cache, infos, null, out);
  }

  @Override
  public void vkDestroyPipeline(VkDevice device, long pipeline) {
    VK10.vkDestroyPipeline(device, pipeline, null);
  }

  @Override
  public int vkCreateCommandPool(VkDevice device, VkCommandPoolCreateInfo info, LongBuffer out) {
    return VK10.vkCreateCommandPool(device, info, null, out);
  }

  @Override
  public void vkDestroyCommandPool(VkDevice device, long pool) {
    VK10.vkDestroyCommandPool(device, pool, null);
  }

  @Override
  public int vkAllocateCommandBuffers(VkDevice device, VkCommandBufferAllocateInfo info, PointerBuffer out) {
    return VK10.vkAllocateCommandBuffers(device, info, out);
  }

  @Override
  public int vkResetCommandBuffer(VkCommandBuffer commands) {
    return VK10.vkResetCommandBuffer(commands, 0);
  }

  @Override
  public int vkBeginCommandBuffer(VkCommandBuffer commands, VkCommandBufferBeginInfo info) {
    return VK10.vkBeginCommandBuffer(commands, info);
  }

  @Override
  public int vkEndCommandBuffer(VkCommandBuffer commands) {
    return VK10.vkEndCommandBuffer(commands);
  }

  @Override
  public void vkCmdPipelineBarrier(VkCommandBuffer commands, int from, int to, VkMemoryBarrier.Buffer barriers) {
    VK10.vkCmdPipelineBarrier(commands, from, to, 0, barriers, null, null);
  }

  @Override
  public void vkCmdFillBuffer(VkCommandBuffer commands, long buffer, long offset, long bytes, int word) {
    VK10.vkCmdFillBuffer(commands, buffer, offset, bytes, word);
  }

  @Override
  public void vkCmdCopyBuffer(VkCommandBuffer commands, long from, long to, VkBufferCopy.Buffer regions) {
    VK10.vkCmdCopyBuffer(commands, from, to, regions);
  }

  @Override
  public void vkCmdBindPipeline(VkCommandBuffer commands, long pipeline) {
    VK10.vkCmdBindPipeline(commands, VK10.VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  }

  @Override
  public void vkCmdBindDescriptorSets(VkCommandBuffer commands, long layout, LongBuffer sets) {
    VK10.vkCmdBindDescriptorSets(commands, VK10.VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, sets, null);
  }

  @Override
  public void vkCmdPushConstants(VkCommandBuffer commands, long layout, ByteBuffer values) {
    VK10.vkCmdPushConstants(commands, layout, VK10.VK_SHADER_STAGE_COMPUTE_BIT, 0, values);
  }

  @Override
  public void vkCmdDispatch(VkCommandBuffer commands, int x, int y, int z) {
    VK10.vkCmdDispatch(commands, x, y, z);
  }
}
