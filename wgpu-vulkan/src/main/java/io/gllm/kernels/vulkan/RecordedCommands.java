package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.spi.Queue;
import java.nio.LongBuffer;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VkCommandBuffer;
import org.lwjgl.vulkan.VkCommandBufferAllocateInfo;
import org.lwjgl.vulkan.VkCommandBufferBeginInfo;
import org.lwjgl.vulkan.VkCommandPoolCreateInfo;

/** A recording as a command buffer of its own, which is submitted once for each replay, with the descriptor sets that it refers to. */
final class RecordedCommands implements Queue.Captured {
  /** Sets are allocated for this many launches at once. */
  private static final int SETS = 64;

  private final Recorder recorder;
  private final LogicalDevice device;
  private final long setLayout;
  private final VulkanCalls calls;
  private final Teardown teardown = new Teardown();
  private VkCommandBuffer commands;
  private DescriptorRing descriptors;
  private int launches;
  private long last;

  /**
   * An open command buffer.
   *
   * @throws io.gllm.kernels.api.KernelException if the driver refuses
   */
  RecordedCommands(Recorder recorder, LogicalDevice device, long setLayout) {
    this.recorder = recorder;
    this.device = device;
    this.setLayout = setLayout;
    this.calls = device.calls();
    try (MemoryStack stack = MemoryStack.stackPush()) {
      begin(stack);
    } catch (RuntimeException e) {
      throw teardown.after(e);
    }
  }

  private void begin(MemoryStack stack) {
    LongBuffer out = stack.mallocLong(1);
    VkCommandPoolCreateInfo info = VkCommandPoolCreateInfo.calloc(stack).sType$Default().queueFamilyIndex(device.family());
    device.check("vkCreateCommandPool", calls.vkCreateCommandPool(device.handle(), info, out));
    long pool = out.get(0);
    teardown.add(() -> calls.vkDestroyCommandPool(device.handle(), pool));
    PointerBuffer handle = stack.mallocPointer(1);
    VkCommandBufferAllocateInfo buffers = VkCommandBufferAllocateInfo.calloc(stack).sType$Default().commandPool(pool)
        .level(VK10.VK_COMMAND_BUFFER_LEVEL_PRIMARY).commandBufferCount(1);
    device.check("vkAllocateCommandBuffers", calls.vkAllocateCommandBuffers(device.handle(), buffers, handle));
    commands = new VkCommandBuffer(handle.get(0), device.handle());
    // a replay may be submitted while the one before is under way
    VkCommandBufferBeginInfo again = VkCommandBufferBeginInfo.calloc(stack).sType$Default()
        .flags(VK10.VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    device.check("vkBeginCommandBuffer", calls.vkBeginCommandBuffer(commands, again));
  }

  VkCommandBuffer commands() {
    return commands;
  }

  /** A set for the next launch. */
  LongBuffer set(VulkanLaunch launch) {
    if (launches % SETS == 0) {
      DescriptorRing more = new DescriptorRing(device, setLayout, SETS);
      teardown.add(more::close);
      descriptors = more;
    }
    launches++;
    return descriptors.next(launch);
  }

  @Override
  public void replay() {
    last = recorder.submit(this);
  }

  /** Waits for the replays, then frees all. */
  @Override
  public void close() {
    try {
      recorder.finish(last);
    } finally {
      teardown.run();
    }
  }

  /** Frees what was never submitted. */
  void drop() {
    teardown.run();
  }
}
