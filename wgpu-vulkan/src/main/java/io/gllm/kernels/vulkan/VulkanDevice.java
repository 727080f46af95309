package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.DeviceMemoryException;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.portable.CopyPeak;
import io.gllm.kernels.api.portable.PortableTable;
import io.gllm.kernels.api.portable.SelfTest;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import io.gllm.kernels.api.spi.Queue;
import io.gllm.kernels.api.spi.SelfTestReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A Vulkan device: its memory, its kernels and its queues. */
final class VulkanDevice implements Device {
  private final DeviceInfo info;
  private final SelfTest selfTest = new SelfTest();
  private final Teardown teardown = new Teardown();
  private final Set<VulkanMemory> memory = ConcurrentHashMap.newKeySet();
  private final List<VulkanQueue> queues = new CopyOnWriteArrayList<>();
  private final AtomicLong inUse = new AtomicLong();
  private final AtomicBoolean open = new AtomicBoolean(true);
  private final KernelStore store;
  private final VulkanInstance instance;
  private final LogicalDevice logical;
  private final Timeline timeline;
  private final VulkanPipelines pipelines;
  private final VulkanHeap heap;
  private final Recorder clears;

  /**
   * Opens a device.
   *
   * @param found what the probe has found
   * @param store where its kernels come from
   * @throws io.gllm.kernels.api.KernelException if the driver refuses
   */
  VulkanDevice(DeviceInfo info, PhysicalDevice found, VulkanCalls calls, KernelStore store, VulkanOptions options) {
    this.info = info;
    this.store = store;
    try {
      instance = VulkanInstance.open(calls, options.validation());
      teardown.add(instance::close);
      logical = LogicalDevice.open(calls, instance.device(found));
      teardown.add(logical::close);
      timeline = new Timeline(logical);
      teardown.add(timeline::close);
      pipelines = new VulkanPipelines(logical, store,
          options.cacheFolder() == null ? null : new PipelineCacheFile(options.cacheFolder(), logical.cacheHeader()));
      teardown.add(pipelines::close);
      heap = new VulkanHeap(logical, timeline);
      teardown.add(heap::close);
      clears = new Recorder(logical, timeline, pipelines, false);
      teardown.add(clears::close);
    } catch (RuntimeException e) {
      throw teardown.after(e);
    }
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public boolean usesHostMemory() {
    return false;
  }

  /** What the validation layer has said so far; empty unless it was asked for. */
  List<String> validationMessages() {
    return instance.messages();
  }

  /** What is known about its kernels. */
  SelfTest selfTest() {
    return selfTest;
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    VulkanMemory allocated = allocateUncleared(bytes);
    memory.add(allocated);
    inUse.addAndGet(bytes);
    try {
      clears.clear(allocated.block().buffer(), allocated.offset(), VulkanHeap.span(bytes));
      clears.flush();
      if (!open.get()) { // closed by another thread meanwhile, which may have missed this allocation
        requireOpen();
      }
      return allocated;
    } catch (RuntimeException e) {
      allocated.close();
      throw asMemoryFailure(bytes, e);
    }
  }

  /** Memory for the inner use of one queue, not counted, with undefined contents. */
  VulkanMemory allocateUncleared(long bytes) {
    requireOpen();
    logical.requireAlive();
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot allocate " + bytes + " bytes");
    }
    try {
      return heap.allocate(this, bytes);
    } catch (RuntimeException e) {
      throw asMemoryFailure(bytes, e);
    }
  }

  private RuntimeException asMemoryFailure(long bytes, RuntimeException cause) {
    if (cause instanceof VulkanResult.VulkanException e && e.isOutOfMemory()) {
      long[] totalAndFree = heap.totalAndFree();
      return new DeviceMemoryException(bytes, totalAndFree[1], totalAndFree[0], e);
    }
    return cause;
  }

  /** Frees memory that is already marked as closed; what was launched before still uses it. */
  void release(VulkanMemory closed) {
    boolean counted = memory.remove(closed);
    if (counted) {
      queues.forEach(Queue::quiesce);
      inUse.addAndGet(-closed.byteSize());
    }
    Teardown steps = new Teardown();
    steps.add(() -> heap.free(closed));
    if (!logical.isLost()) {
      steps.add(clears::flush);
      queues.forEach(queue -> steps.add(queue::flush));
    }
    steps.run();
  }

  @Override
  public long memoryInUse() {
    return inUse.get();
  }

  @Override
  public Queue openQueue(Numerics numerics) {
    requireOpen();
    logical.requireAlive();
    VulkanQueue queue = new VulkanQueue(this, logical, timeline, pipelines, heap);
    queues.add(queue);
    if (!open.get()) {
      queue.close();
      requireOpen();
    }
    return queue;
  }

  void forget(VulkanQueue queue) {
    queues.remove(queue);
  }

  @Override
  public List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics) {
    List<Candidate> candidates = new ArrayList<>();
    for (String symbol : PortableTable.symbols(op, type)) {
      candidates.add(new Candidate(symbol, candidates.isEmpty(), candidates.isEmpty() ? "portable" : "portable, for other shapes"));
    }
    return candidates;
  }

  @Override
  public PeakProbe openPeak(PeakKind kind, long bytes) {
    return CopyPeak.open(this, kind, bytes);
  }

  @Override
  public SelfTestReport testKernels() {
    try (VulkanQueue queue = (VulkanQueue) openQueue(Numerics.FAST)) {
      return selfTest.report(queue, store.symbols());
    }
  }

  private void requireOpen() {
    if (!open.get()) {
      throw new IllegalStateException("the Vulkan device is closed");
    }
  }

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      List.copyOf(memory).forEach(held -> teardown.add(held::close));
      List.copyOf(queues).forEach(queue -> teardown.add(queue::close));
      teardown.run();
    }
  }
}
