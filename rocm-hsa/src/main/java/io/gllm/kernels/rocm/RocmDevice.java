package io.gllm.kernels.rocm;

import io.gllm.kernels.api.DeviceMemoryException;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.portable.SelfTest;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.Queue;
import io.gllm.kernels.api.spi.SelfTestReport;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** A GPU: its memory and code. Memory is given back when no queue uses it any more, which closing it waits for. */
final class RocmDevice implements Device {
  /** Bytes beyond each allocation that kernels may read: they read whole words, sixteen bytes at a time. */
  static final int PADDING = 16;

  private final DeviceInfo info;
  private final HsaCalls calls;
  private final RocmGpu gpu;
  private final RocmModules modules;
  private final SelfTest selfTest = new SelfTest(RocmTable.GOLDEN_LAUNCHES);
  private final Set<RocmMemory> memory = ConcurrentHashMap.newKeySet();
  private final List<RocmQueue> queues = new CopyOnWriteArrayList<>();
  private final AtomicLong inUse = new AtomicLong();
  private final AtomicBoolean open = new AtomicBoolean(true);

  private RocmDevice(DeviceInfo info, HsaCalls calls, RocmGpu gpu, RocmModules modules) {
    this.info = info;
    this.calls = calls;
    this.gpu = gpu;
    this.modules = modules;
  }

  /**
   * Opens a GPU.
   *
   * @throws KernelException if the runtime refuses
   */
  static RocmDevice open(RocmProbe.Usable found) {
    HsaCalls calls = new HsaCalls(found.library());
    calls.start();
    try { // handles are those of this start of the runtime
      RocmGpu gpu = RocmGpu.all(calls).stream().filter(now -> now.ordinal() == found.gpu().ordinal()).findFirst()
          .orElseThrow(() -> new KernelException(found.gpu().describe() + " is gone"));
      return new RocmDevice(found.info(), calls, gpu, new RocmModules(calls, gpu, found.blobs(), found.choice()));
    } catch (RuntimeException e) {
      new Closing(calls).step(calls::stop);
      throw e;
    }
  }

  HsaCalls calls() {
    return calls;
  }

  RocmGpu gpu() {
    return gpu;
  }

  RocmModules modules() {
    return modules;
  }

  SelfTest selfTest() {
    return selfTest;
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public boolean usesHostMemory() {
    return false;
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    requireOpen();
    RocmMemory allocated = take(bytes);
    inUse.addAndGet(bytes);
    if (!open.get()) { // closed by another thread meanwhile, which may have missed this allocation
      allocated.close();
      requireOpen();
    }
    return allocated;
  }

  /** Zeros, with padding behind them; not counted as in use. */
  RocmMemory take(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot allocate " + bytes + " bytes");
    }
    long padded = bytes > Long.MAX_VALUE - 2 * PADDING ? bytes : bytes / PADDING * PADDING + 2 * PADDING;
    long address = padded > gpu.memory() ? 0 : calls.allocate(gpu.device(), padded);
    if (address == 0) {
      throw new DeviceMemoryException(bytes, -1, gpu.memory(), null);
    }
    try {
      calls.zero(address, padded);
    } catch (RuntimeException e) {
      new Closing(calls).step(() -> calls.free(address));
      throw e;
    }
    RocmMemory taken = new RocmMemory(this, address, bytes);
    memory.add(taken);
    return taken;
  }

  /** Frees memory that is already marked as closed, after every launch that may still use it. */
  void release(RocmMemory closed) {
    if (memory.contains(closed)) {
      inUse.addAndGet(-closed.byteSize());
      if (!calls.isLost()) { // else it is freed when the queues have stopped
        queues.forEach(RocmQueue::drain);
        giveBack(closed);
      }
    }
  }

  /** Frees what {@link #take} gave and nothing uses any more. If the runtime refuses, closing the device tries again. */
  void giveBack(RocmMemory taken) {
    if (memory.remove(taken)) {
      try {
        calls.free(taken.address());
      } catch (RuntimeException e) {
        memory.add(taken);
        throw e;
      }
    }
  }

  @Override
  public long memoryInUse() {
    return inUse.get();
  }

  @Override
  public Queue openQueue(Numerics numerics) {
    return newQueue(numerics);
  }

  private RocmQueue newQueue(Numerics numerics) {
    requireOpen();
    RocmQueue queue = RocmQueue.open(this, numerics);
    queues.add(queue);
    if (!open.get()) {
      queue.close();
      requireOpen();
    }
    return queue;
  }

  /** No memory waits for this queue from now on: it has finished. */
  void forget(RocmQueue queue) {
    queues.remove(queue);
  }

  @Override
  public List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics) {
    return RocmTable.TUNED.explain(modules, selfTest.quarantined(), op, type, numerics);
  }

  @Override
  public SelfTestReport testKernels() {
    try (RocmQueue queue = newQueue(Numerics.FAST)) {
      queue.begin();
      try {
        return selfTest.report(queue, modules.symbols());
      } finally {
        queue.end();
      }
    }
  }

  private void requireOpen() {
    if (!open.get()) {
      throw new IllegalStateException("the ROCm device is closed");
    }
    calls.requireAlive();
  }

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      Closing closing = new Closing(calls);
      queues.forEach(queue -> closing.step(queue::close));
      for (RocmMemory left : List.copyOf(memory)) {
        closing.step(left::close);
        closing.step(() -> giveBack(left));
      }
      modules.close(closing);
      closing.step(calls::stop);
      closing.rethrow();
    }
  }
}
