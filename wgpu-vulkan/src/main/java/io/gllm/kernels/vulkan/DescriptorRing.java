package io.gllm.kernels.vulkan;

import java.lang.foreign.Arena;
import java.nio.LongBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VkDescriptorBufferInfo;
import org.lwjgl.vulkan.VkDescriptorPoolCreateInfo;
import org.lwjgl.vulkan.VkDescriptorPoolSize;
import org.lwjgl.vulkan.VkDescriptorSetAllocateInfo;
import org.lwjgl.vulkan.VkWriteDescriptorSet;

/**
 * One descriptor set for each launch that can be under way. The sets are allocated once: they fit every kernel, and one is written
 * again when its command buffer is.
 */
final class DescriptorRing {
  private final LogicalDevice device;
  private final VulkanCalls calls;
  private final Teardown teardown = new Teardown();
  private final long alignment;
  private final LongBuffer sets;
  private final VkWriteDescriptorSet.Buffer writes;
  private final VkWriteDescriptorSet[] write = new VkWriteDescriptorSet[VulkanCalls.BINDINGS];
  private final VkDescriptorBufferInfo[] info = new VkDescriptorBufferInfo[VulkanCalls.BINDINGS];
  private int next;

  /**
   * Allocates {@code count} sets.
   *
   * @throws io.gllm.kernels.api.KernelException if the driver refuses
   */
  DescriptorRing(LogicalDevice device, long setLayout, int count) {
    this.device = device;
    this.calls = device.calls();
    this.alignment = device.limits().bindingAlignment();
    Arena arena = Arena.ofShared();
    teardown.add(arena::close);
    sets = MemoryUtil.memLongBuffer(Timeline.struct(arena, (long) Long.BYTES * count), count);
    writes = VkWriteDescriptorSet.create(Timeline.struct(arena, (long) VkWriteDescriptorSet.SIZEOF * VulkanCalls.BINDINGS),
        VulkanCalls.BINDINGS);
    for (int i = 0; i < VulkanCalls.BINDINGS; i++) {
      VkDescriptorBufferInfo.Buffer one = VkDescriptorBufferInfo.create(Timeline.struct(arena, VkDescriptorBufferInfo.SIZEOF), 1);
      info[i] = one.get(0);
      write[i] = writes.get(i).sType$Default().dstBinding(i).descriptorCount(1).descriptorType(VK10.VK_DESCRIPTOR_TYPE_STORAGE_BUFFER)
          .pBufferInfo(one);
    }
    try (MemoryStack stack = MemoryStack.stackPush()) {
      allocate(stack, setLayout, count);
    } catch (RuntimeException e) {
      throw teardown.after(e);
    }
  }

  private void allocate(MemoryStack stack, long setLayout, int count) {
    VkDescriptorPoolSize.Buffer size = VkDescriptorPoolSize.calloc(1, stack).type(VK10.VK_DESCRIPTOR_TYPE_STORAGE_BUFFER)
        .descriptorCount(count * VulkanCalls.BINDINGS);
    LongBuffer out = stack.mallocLong(1);
    VkDescriptorPoolCreateInfo pool = VkDescriptorPoolCreateInfo.calloc(stack).sType$Default().maxSets(count).pPoolSizes(size);
    device.check("vkCreateDescriptorPool", calls.vkCreateDescriptorPool(device.handle(), pool, out));
    long created = out.get(0);
    teardown.add(() -> calls.vkDestroyDescriptorPool(device.handle(), created));
    LongBuffer layouts = stack.mallocLong(count);
    for (int i = 0; i < count; i++) {
      layouts.put(i, setLayout);
    }
    VkDescriptorSetAllocateInfo sets = VkDescriptorSetAllocateInfo.calloc(stack).sType$Default().descriptorPool(created)
        .pSetLayouts(layouts);
    device.check("vkAllocateDescriptorSets", calls.vkAllocateDescriptorSets(device.handle(), sets, this.sets));
  }

  /** The next set is {@code set}: its command buffer begins anew. */
  void restart(int set) {
    next = set;
  }

  /** The next set, with the buffers of a launch. */
  LongBuffer next(VulkanLaunch launch) {
    int count = launch.buffers();
    sets.limit(next + 1).position(next);
    long set = sets.get(next);
    next++;
    for (int i = 0; i < count; i++) {
      VulkanMemory memory = launch.memory(i);
      long start = memory.offset() + launch.offset(i);
      long aligned = start & -alignment;
      info[i].buffer(memory.block().buffer()).offset(aligned).range(start - aligned + Math.max(4, launch.bytes(i)));
      write[i].dstSet(set);
      launch.at(i, (int) (start - aligned) / 4);
    }
    if (count > 0) {
      writes.limit(count);
      calls.vkUpdateDescriptorSets(device.handle(), writes);
    }
    return sets;
  }

  void close() {
    teardown.run();
  }
}
