package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.KernelInterface;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.HashMap;
import java.util.Map;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VkComputePipelineCreateInfo;
import org.lwjgl.vulkan.VkDescriptorSetLayoutBinding;
import org.lwjgl.vulkan.VkDescriptorSetLayoutCreateInfo;
import org.lwjgl.vulkan.VkPipelineCacheCreateInfo;
import org.lwjgl.vulkan.VkPipelineLayoutCreateInfo;
import org.lwjgl.vulkan.VkPushConstantRange;
import org.lwjgl.vulkan.VkShaderModuleCreateInfo;

/**
 * The kernels of a device, each compiled by the driver at its first launch. All share one layout with as many buffers as a kernel may
 * have; a kernel leaves those unused that it does not name. So descriptor sets fit every kernel. Thread-safe.
 */
final class VulkanPipelines {
  private final LogicalDevice device;
  private final VulkanCalls calls;
  private final KernelStore store;
  private final PipelineCacheFile file;
  private final Map<String, Kernel> kernels = new HashMap<>();
  private final Teardown teardown = new Teardown();
  private final long setLayout;
  private final long layout;
  private final long cache;
  private boolean compiled;

  /** A kernel, compiled or not. */
  final class Kernel {
    private final KernelInterface description;
    private volatile long pipeline;

    private Kernel(KernelInterface description) {
      this.description = description;
    }

    /** Its interface. */
    KernelInterface description() {
      return description;
    }

    /**
     * Vulkan's handle.
     *
     * @throws KernelException if it cannot be compiled
     */
    long pipeline() {
      long known = pipeline;
      return known != 0 ? known : compile(this);
    }
  }

  /**
   * Without any kernel yet.
   *
   * @param file keeps compiled kernels between runs, or null
   * @throws KernelException if the driver refuses
   */
  VulkanPipelines(LogicalDevice device, KernelStore store, PipelineCacheFile file) {
    this.device = device;
    this.calls = device.calls();
    this.store = store;
    this.file = file;
    try (MemoryStack stack = MemoryStack.stackPush()) {
      setLayout = createSetLayout(stack);
      layout = createLayout(stack);
      cache = createCache(stack);
    } catch (RuntimeException e) {
      throw teardown.after(e);
    }
  }

  private long createSetLayout(MemoryStack stack) {
    VkDescriptorSetLayoutBinding.Buffer bindings = VkDescriptorSetLayoutBinding.calloc(VulkanCalls.BINDINGS, stack);
    for (int i = 0; i < VulkanCalls.BINDINGS; i++) {
      bindings.get(i).binding(i).descriptorType(VK10.VK_DESCRIPTOR_TYPE_STORAGE_BUFFER).descriptorCount(1)
          .stageFlags(VK10.VK_SHADER_STAGE_COMPUTE_BIT);
    }
    LongBuffer out = stack.mallocLong(1);
    VkDescriptorSetLayoutCreateInfo info = VkDescriptorSetLayoutCreateInfo.calloc(stack).sType$Default().pBindings(bindings);
    device.check("vkCreateDescriptorSetLayout", calls.vkCreateDescriptorSetLayout(device.handle(), info, out));
    long created = out.get(0);
    teardown.add(() -> calls.vkDestroyDescriptorSetLayout(device.handle(), created));
    return created;
  }

  private long createLayout(MemoryStack stack) {
    VkPushConstantRange.Buffer push = VkPushConstantRange.calloc(1, stack).stageFlags(VK10.VK_SHADER_STAGE_COMPUTE_BIT)
        .size(VulkanCalls.PUSH_BYTES);
    VkPipelineLayoutCreateInfo info = VkPipelineLayoutCreateInfo.calloc(stack).sType$Default().pSetLayouts(stack.longs(setLayout))
        .pPushConstantRanges(push);
    LongBuffer out = stack.mallocLong(1);
    device.check("vkCreatePipelineLayout", calls.vkCreatePipelineLayout(device.handle(), info, out));
    long created = out.get(0);
    teardown.add(() -> calls.vkDestroyPipelineLayout(device.handle(), created));
    return created;
  }

  private long createCache(MemoryStack stack) {
    byte[] known = file == null ? new byte[0] : file.load();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(Math.max(1, known.length), Long.BYTES);
      MemorySegment.copy(MemorySegment.ofArray(known), 0, data, 0, known.length);
      VkPipelineCacheCreateInfo info = VkPipelineCacheCreateInfo.calloc(stack).sType$Default();
      if (known.length > 0) {
        info.pInitialData(data.asByteBuffer());
      }
      LongBuffer out = stack.mallocLong(1);
      device.check("vkCreatePipelineCache", calls.vkCreatePipelineCache(device.handle(), info, out));
      long created = out.get(0);
      teardown.add(() -> calls.vkDestroyPipelineCache(device.handle(), created));
      return created;
    }
  }

  /** The layout of every kernel. */
  long layout() {
    return layout;
  }

  /** The layout of every descriptor set. */
  long setLayout() {
    return setLayout;
  }

  /**
   * The kernel called {@code symbol}.
   *
   * @throws KernelException if there is none, or it needs more than the device has
   */
  synchronized Kernel kernel(String symbol) {
    Kernel known = kernels.get(symbol);
    if (known != null) {
      return known;
    }
    KernelInterface description = store.kernel(symbol);
    LogicalDevice.Limits limits = device.limits();
    if (description.threads() > limits.threads() || description.shared() > limits.shared()) {
      throw new KernelException(symbol + " needs " + description.threads() + " threads and " + description.shared()
          + " bytes of shared memory, the device has " + limits.threads() + " and " + limits.shared());
    }
    Kernel kernel = new Kernel(description);
    kernels.put(symbol, kernel);
    return kernel;
  }

  private synchronized long compile(Kernel kernel) {
    if (kernel.pipeline != 0) {
      return kernel.pipeline;
    }
    device.requireAlive();
    try (Arena arena = Arena.ofConfined(); MemoryStack stack = MemoryStack.stackPush()) {
      MemorySegment code = store.code(kernel.description);
      ByteBuffer words = arena.allocate(code.byteSize(), Long.BYTES).copyFrom(code).asByteBuffer();
      LongBuffer out = stack.mallocLong(1);
      VkShaderModuleCreateInfo info = VkShaderModuleCreateInfo.calloc(stack).sType$Default().pCode(words);
      device.check("vkCreateShaderModule of " + kernel.description.symbol(), calls.vkCreateShaderModule(device.handle(), info, out));
      long module = out.get(0);
      try {
        kernel.pipeline = compile(stack, kernel.description.symbol(), module);
      } finally {
        calls.vkDestroyShaderModule(device.handle(), module);
      }
    }
    compiled = true;
    return kernel.pipeline;
  }

  private long compile(MemoryStack stack, String symbol, long module) {
    VkComputePipelineCreateInfo.Buffer infos = VkComputePipelineCreateInfo.calloc(1, stack).sType$Default().layout(layout);
    infos.stage().sType$Default().stage(VK10.VK_SHADER_STAGE_COMPUTE_BIT).module(module).pName(stack.UTF8("main"));
    LongBuffer out = stack.mallocLong(1);
    device.check("vkCreateComputePipelines of " + symbol, calls.vkCreateComputePipelines(device.handle(), cache, infos, out));
    long created = out.get(0);
    teardown.add(() -> calls.vkDestroyPipeline(device.handle(), created));
    return created;
  }

  /** Keeps what was compiled, and frees all; no command may use a kernel any more. */
  synchronized void close() {
    if (file != null && compiled && !device.isLost()) {
      save();
    }
    kernels.clear();
    teardown.run();
  }

  /** A driver that does not give its data costs time at the next start, nothing else. */
  private void save() {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      PointerBuffer size = stack.mallocPointer(1);
      if (calls.vkGetPipelineCacheData(device.handle(), cache, size, null) != VK10.VK_SUCCESS || size.get(0) > Integer.MAX_VALUE) {
        return;
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment data = arena.allocate(Math.max(1, size.get(0)), Long.BYTES);
        if (calls.vkGetPipelineCacheData(device.handle(), cache, size, data.asByteBuffer()) == VK10.VK_SUCCESS) {
          file.save(data.asSlice(0, size.get(0)).toArray(ValueLayout.JAVA_BYTE));
        }
      }
    }
  }
}
