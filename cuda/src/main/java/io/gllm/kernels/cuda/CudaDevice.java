package io.gllm.kernels.cuda;

import io.gllm.kernels.api.DeviceMemoryException;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.portable.CopyPeak;
import io.gllm.kernels.api.portable.SelfTest;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import io.gllm.kernels.api.spi.Queue;
import io.gllm.kernels.api.spi.SelfTestReport;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import jcuda.driver.CUstream;

/**
 * A GPU: its primary context, memory and code. Memory is taken and given back in the order of a stream of its own, which waits for
 * the queues before it frees; so freeing waits for nothing.
 */
final class CudaDevice implements Device {
  /** Bytes beyond each allocation that kernels may read: they read whole words, sixteen bytes at a time. */
  static final int PADDING = 16;

  private final DeviceInfo info;
  private final CudaCalls calls;
  private final CudaContext context;
  private final CudaModules modules;
  private final boolean graphs;
  private final CUstream stream;
  private final SelfTest selfTest = new SelfTest(CudaTable.GOLDEN_LAUNCHES);
  private final Map<CudaMemory, CudaCalls.Address> memory = new ConcurrentHashMap<>();
  private final List<CudaQueue> queues = new CopyOnWriteArrayList<>();
  private final Object memoryLock = new Object();
  private final AtomicLong inUse = new AtomicLong();
  private final AtomicBoolean open = new AtomicBoolean(true);

  private CudaDevice(DeviceInfo info, CudaCalls calls, CudaContext context, CudaModules modules, boolean graphs, CUstream stream) {
    this.info = info;
    this.calls = calls;
    this.context = context;
    this.modules = modules;
    this.graphs = graphs;
    this.stream = stream;
  }

  /**
   * Opens a GPU.
   *
   * @throws io.gllm.kernels.api.KernelException if the driver refuses
   */
  static CudaDevice open(CudaProbe.Usable found) {
    CudaCalls calls = new CudaCalls();
    CudaContext context = CudaContext.open(calls, found.gpu().ordinal(), found.driver().has(CudaCalls.POOL_FUNCTIONS));
    try {
      context.enter();
      CudaModules modules = new CudaModules(calls, found.blobs(), found.choice());
      return new CudaDevice(found.info(), calls, context, modules, found.driver().has(CudaCalls.GRAPH_FUNCTIONS), calls.createStream());
    } catch (RuntimeException e) {
      context.close();
      throw e;
    }
  }

  CudaCalls calls() {
    return calls;
  }

  CudaContext context() {
    return context;
  }

  CudaModules modules() {
    return modules;
  }

  SelfTest selfTest() {
    return selfTest;
  }

  /** Whether recordings become graphs of the driver. */
  boolean hasGraphs() {
    return graphs;
  }

  /** Runs {@code step} while no memory is given back, which makes its stream wait for all queues. */
  void whileNothingIsFreed(Runnable step) {
    synchronized (memoryLock) {
      step.run();
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

  @Override
  public DeviceMemory allocate(long bytes) {
    requireOpen();
    CudaMemory allocated = take(bytes);
    inUse.addAndGet(bytes);
    if (!open.get()) { // closed by another thread meanwhile, which may have missed this allocation
      allocated.close();
      requireOpen();
    }
    return allocated;
  }

  /** Zeros, with padding behind them; not counted as in use. */
  CudaMemory take(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot allocate " + bytes + " bytes");
    }
    synchronized (memoryLock) {
      context.enter();
      long padded = bytes > Long.MAX_VALUE - 2 * PADDING ? Long.MAX_VALUE : bytes / PADDING * PADDING + 2 * PADDING;
      CudaCalls.Address address = calls.allocate(padded, poolStream());
      if (address == null) {
        long[] info = calls.memoryInfo();
        throw new DeviceMemoryException(bytes, info[0], info[1], null);
      }
      CudaMemory taken = new CudaMemory(this, address.value(), bytes);
      try {
        calls.zero(address.value(), padded, stream);
        calls.synchronize(stream); // the streams of the queues do not wait for this one
      } catch (RuntimeException e) {
        Closing closing = new Closing(calls);
        closing.step(() -> calls.free(address, poolStream()));
        throw e;
      }
      memory.put(taken, address);
      return taken;
    }
  }

  private CUstream poolStream() {
    return context.hasPools() ? stream : null;
  }

  /** Frees memory that is already marked as closed, after every launch that may still use it. */
  void release(CudaMemory closed) {
    if (memory.containsKey(closed)) {
      queues.forEach(Queue::quiesce);
      inUse.addAndGet(-closed.byteSize());
      giveBack(closed);
    }
  }

  /**
   * Frees what {@link #take} gave and no launch will use any more, in the order of all queues. If the driver refuses, the memory stays
   * with the device, which tries again when it is closed.
   */
  void giveBack(CudaMemory taken) {
    synchronized (memoryLock) {
      CudaCalls.Address address = memory.get(taken);
      if (address == null || calls.isLost()) { // the driver frees all with a lost context
        return;
      }
      context.enter();
      if (context.hasPools()) {
        queues.forEach(queue -> queue.finishBefore(stream));
      }
      calls.free(address, poolStream());
      memory.remove(taken);
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

  private CudaQueue newQueue(Numerics numerics) {
    requireOpen();
    context.enter();
    CudaQueue queue = CudaQueue.open(this, numerics);
    queues.add(queue);
    if (!open.get()) {
      queue.close();
      requireOpen();
    }
    return queue;
  }

  /** No memory waits for this queue from now on: it has finished. */
  void forget(CudaQueue queue) {
    synchronized (memoryLock) {
      queues.remove(queue);
    }
  }

  @Override
  public List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics) {
    return CudaTable.TUNED.explain(modules, selfTest.quarantined(), op, type, numerics);
  }

  @Override
  public PeakProbe openPeak(PeakKind kind, long bytes) {
    return CopyPeak.open(this, kind, bytes);
  }

  @Override
  public SelfTestReport testKernels() {
    try (CudaQueue queue = newQueue(Numerics.FAST)) {
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
      throw new IllegalStateException("the CUDA device is closed");
    }
    calls.requireAlive();
  }

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      Closing closing = new Closing(calls);
      closing.step(context::enter);
      queues.forEach(queue -> closing.step(queue::close));
      for (CudaMemory left : List.copyOf(memory.keySet())) {
        closing.step(left::close);
        closing.step(() -> giveBack(left));
      }
      modules.close(closing);
      closing.step(() -> calls.finish(stream)); // memory freed in its order is back now
      closing.step(() -> calls.destroy(stream));
      closing.step(context::close);
      closing.rethrow();
    }
  }
}
