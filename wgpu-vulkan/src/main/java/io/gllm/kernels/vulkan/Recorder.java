package io.gllm.kernels.vulkan;

import java.lang.foreign.Arena;
import java.nio.LongBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VkBufferCopy;
import org.lwjgl.vulkan.VkCommandBuffer;
import org.lwjgl.vulkan.VkCommandBufferAllocateInfo;
import org.lwjgl.vulkan.VkCommandBufferBeginInfo;
import org.lwjgl.vulkan.VkCommandPoolCreateInfo;
import org.lwjgl.vulkan.VkMemoryBarrier;

/**
 * Records commands into a ring of command buffers and submits them: when one is full, and whenever somebody has to wait. Every command
 * sees what the ones before wrote, those of other recorders of the device included once they are submitted. Thread-safe; allocates
 * nothing after its construction.
 */
final class Recorder {
  /** Enough to keep the device busy while the next ones are recorded, few enough to start it soon. */
  private static final int COMMANDS = 64;
  private static final int BATCHES = 4;
  private static final int WORK = VK10.VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK10.VK_PIPELINE_STAGE_TRANSFER_BIT;
  private static final int WRITES = VK10.VK_ACCESS_SHADER_WRITE_BIT | VK10.VK_ACCESS_TRANSFER_WRITE_BIT;
  private static final int READS = VK10.VK_ACCESS_SHADER_READ_BIT | VK10.VK_ACCESS_TRANSFER_READ_BIT;

  private final ReentrantLock lock = new ReentrantLock();
  private final LogicalDevice device;
  private final VulkanCalls calls;
  private final Timeline timeline;
  private final Timeline.Wait wait;
  private final long layout;
  private final DescriptorRing descriptors;
  private final Teardown teardown = new Teardown();
  private final Batch[] batches = new Batch[BATCHES];
  private final VkCommandBufferBeginInfo once;
  private final VkMemoryBarrier.Buffer between;
  private final VkMemoryBarrier.Buffer toHost;
  private final VkBufferCopy.Buffer region;
  private RecordedCommands captured;
  private int current;
  private boolean recording;
  private boolean closed;
  private int commands;
  private long last;

  /** A command buffer; a number of 0 says that the device does not use it. */
  private static final class Batch {
    private final VkCommandBuffer commands;
    private long submission;
    private boolean broken;

    private Batch(VkCommandBuffer commands) {
      this.commands = commands;
    }
  }

  /**
   * A recorder.
   *
   * @param pipelines gives the layout of kernels
   * @param launches whether kernels will be launched; otherwise memory is copied and filled only
   * @throws io.gllm.kernels.api.KernelException if the driver refuses
   */
  Recorder(LogicalDevice device, Timeline timeline, VulkanPipelines pipelines, boolean launches) {
    this.device = device;
    this.calls = device.calls();
    this.timeline = timeline;
    this.layout = pipelines.layout();
    this.wait = timeline.newWait();
    Arena arena = Arena.ofShared();
    teardown.add(() -> {
      wait.close();
      arena.close();
    });
    once = VkCommandBufferBeginInfo.create(Timeline.struct(arena, VkCommandBufferBeginInfo.SIZEOF)).sType$Default()
        .flags(VK10.VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    between = barrier(arena, READS | WRITES);
    toHost = barrier(arena, VK10.VK_ACCESS_HOST_READ_BIT);
    region = VkBufferCopy.create(Timeline.struct(arena, VkBufferCopy.SIZEOF), 1);
    try (MemoryStack stack = MemoryStack.stackPush()) {
      createBatches(stack);
      descriptors = launches ? new DescriptorRing(device, pipelines.setLayout(), BATCHES * COMMANDS) : null;
    } catch (RuntimeException e) {
      throw teardown.after(e);
    }
    if (launches) {
      teardown.add(descriptors::close);
    }
  }

  private static VkMemoryBarrier.Buffer barrier(Arena arena, int reads) {
    VkMemoryBarrier.Buffer barrier = VkMemoryBarrier.create(Timeline.struct(arena, VkMemoryBarrier.SIZEOF), 1);
    return barrier.sType$Default().srcAccessMask(WRITES).dstAccessMask(reads);
  }

  private void createBatches(MemoryStack stack) {
    LongBuffer out = stack.mallocLong(1);
    VkCommandPoolCreateInfo info = VkCommandPoolCreateInfo.calloc(stack).sType$Default().queueFamilyIndex(device.family())
        .flags(VK10.VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT);
    device.check("vkCreateCommandPool", calls.vkCreateCommandPool(device.handle(), info, out));
    long pool = out.get(0);
    teardown.add(() -> calls.vkDestroyCommandPool(device.handle(), pool));
    PointerBuffer handles = stack.mallocPointer(BATCHES);
    VkCommandBufferAllocateInfo buffers = VkCommandBufferAllocateInfo.calloc(stack).sType$Default().commandPool(pool)
        .level(VK10.VK_COMMAND_BUFFER_LEVEL_PRIMARY).commandBufferCount(BATCHES);
    device.check("vkAllocateCommandBuffers", calls.vkAllocateCommandBuffers(device.handle(), buffers, handles));
    for (int i = 0; i < BATCHES; i++) {
      batches[i] = new Batch(new VkCommandBuffer(handles.get(i), device.handle()));
    }
  }

  /** Fills with zeros; offset and size are multiples of four. */
  void clear(long buffer, long offset, long bytes) {
    lock.lock();
    try {
      calls.vkCmdFillBuffer(begin(), buffer, offset, bytes, 0);
      end();
    } finally {
      lock.unlock();
    }
  }

  /** Copies bytes; the ranges do not overlap. */
  void copy(long from, long fromOffset, long to, long toOffset, long bytes) {
    lock.lock();
    try {
      VkCommandBuffer buffer = begin();
      region.srcOffset(fromOffset).dstOffset(toOffset).size(bytes);
      calls.vkCmdCopyBuffer(buffer, from, to, region);
      end();
    } finally {
      lock.unlock();
    }
  }

  /** Launches a kernel. */
  void launch(VulkanLaunch launch, int x, int y, int z) {
    lock.lock();
    try {
      long pipeline = launch.pipeline();
      VkCommandBuffer buffer = begin();
      launch.requireOpenMemory(); // under the lock: whoever closes memory submits what is recorded before it is used again
      LongBuffer set = captured != null ? captured.set(launch) : descriptors.next(launch);
      calls.vkCmdBindPipeline(buffer, pipeline);
      calls.vkCmdBindDescriptorSets(buffer, layout, set);
      calls.vkCmdPushConstants(buffer, layout, launch.values());
      calls.vkCmdDispatch(buffer, x, y, z);
      end();
    } finally {
      lock.unlock();
    }
  }

  /** The open command buffer after a barrier, a new one if there is none. */
  private VkCommandBuffer begin() {
    if (closed) {
      throw new IllegalStateException("the queue is closed");
    }
    device.requireAlive();
    if (captured != null) {
      calls.vkCmdPipelineBarrier(captured.commands(), WORK, WORK, between);
      return captured.commands();
    }
    Batch batch = batches[current];
    if (!recording) {
      wait.until(batch.submission);
      batch.submission = 0;
      if (batch.broken) {
        device.check("vkResetCommandBuffer", calls.vkResetCommandBuffer(batch.commands));
        batch.broken = false;
      }
      device.check("vkBeginCommandBuffer", calls.vkBeginCommandBuffer(batch.commands, once));
      recording = true;
      if (descriptors != null) {
        descriptors.restart(current * COMMANDS);
      }
    }
    calls.vkCmdPipelineBarrier(batch.commands, WORK, WORK, between);
    return batch.commands;
  }

  private void end() {
    if (captured != null) {
      return;
    }
    commands++;
    if (commands == COMMANDS) {
      submit();
    }
  }

  /**
   * Submits what is recorded.
   *
   * @return the number that says that all commands so far are finished
   * @throws io.gllm.kernels.api.KernelException if the driver refuses; what was recorded is lost then
   */
  long flush() {
    lock.lock();
    try {
      if (recording) {
        submit();
      }
      return last;
    } finally {
      lock.unlock();
    }
  }

  private void submit() {
    Batch batch = batches[current];
    recording = false;
    commands = 0;
    batch.broken = true;
    calls.vkCmdPipelineBarrier(batch.commands, WORK, VK10.VK_PIPELINE_STAGE_HOST_BIT, toHost);
    device.check("vkEndCommandBuffer", calls.vkEndCommandBuffer(batch.commands));
    last = timeline.submit(batch.commands);
    batch.submission = last;
    batch.broken = false;
    current = (current + 1) % BATCHES;
  }

  /** Keeps commands in a buffer of their own from now on. */
  void startCapture(RecordedCommands into) {
    lock.lock();
    try {
      captured = into;
    } finally {
      lock.unlock();
    }
  }

  /** Ends that buffer; commands go into the ring again, also if this fails. */
  void endCapture() {
    lock.lock();
    try {
      VkCommandBuffer buffer = captured.commands();
      captured = null;
      calls.vkCmdPipelineBarrier(buffer, WORK, VK10.VK_PIPELINE_STAGE_HOST_BIT, toHost);
      device.check("vkEndCommandBuffer", calls.vkEndCommandBuffer(buffer));
    } finally {
      lock.unlock();
    }
  }

  /** Commands go into the ring again. */
  void dropCapture() {
    lock.lock();
    try {
      captured = null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Submits recorded commands after everything so far; they begin with a barrier.
   *
   * @return the number that says that they are finished
   */
  long submit(RecordedCommands recorded) {
    lock.lock();
    try {
      device.requireAlive();
      flush();
      last = timeline.submit(recorded.commands());
      return last;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the submission {@code number} is finished, by other means if the device is lost: its commands are freed next. */
  void finish(long number) {
    try {
      if (device.isLost()) {
        timeline.settle();
      } else {
        wait.until(number);
      }
    } catch (RuntimeException e) {
      timeline.settle();
      throw e;
    }
  }

  /** Waits until the submission {@code number} is finished. Only for the thread that owns the recorder's queue. */
  void await(long number) {
    device.requireAlive();
    wait.until(number);
  }

  /**
   * Submits what is recorded, waits, and frees all.
   *
   * @throws io.gllm.kernels.api.KernelException if the last commands failed; all is freed then, too
   */
  void close() {
    lock.lock();
    try {
      closed = true;
      if (device.isLost()) {
        timeline.settle();
      } else {
        wait.until(flush());
      }
    } catch (RuntimeException e) {
      timeline.settle();
      throw e;
    } finally {
      teardown.run();
      lock.unlock();
    }
  }
}
