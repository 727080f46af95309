package io.gllm.kernels.metal;

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
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** The GPU of a Mac. Memory may be given back at any time: command buffers retain what they use until they have run. */
final class MetalDevice implements Device {
  /** Bytes beyond each allocation that kernels may read: they read whole words, sixteen bytes at a time. */
  static final int PADDING = 16;

  private final DeviceInfo info;
  private final MetalCalls calls;
  private final long object;
  private final MetalModules modules;
  private final long maxBuffer;
  private final SelfTest selfTest = new SelfTest(MetalTable.GOLDEN_LAUNCHES);
  private final Set<MetalMemory> memory = ConcurrentHashMap.newKeySet();
  private final List<MetalQueue> queues = new CopyOnWriteArrayList<>();
  private final AtomicLong inUse = new AtomicLong();
  private final AtomicBoolean open = new AtomicBoolean(true);

  private MetalDevice(DeviceInfo info, MetalCalls calls, long object, MetalModules modules) {
    this.info = info;
    this.calls = calls;
    this.object = object;
    this.modules = modules;
    this.maxBuffer = calls.maxBufferLength(object);
  }

  /**
   * Opens the default device, and compiles one kernel to see that the GPU runs them as they were written.
   *
   * @throws KernelException if Metal refuses
   */
  static MetalDevice open(MetalProbe.Usable found) {
    MetalCalls calls = found.calls();
    long pool = calls.push();
    try {
      long object = calls.systemDevice();
      if (object == 0) {
        throw new KernelException("the Metal device is gone");
      }
      try {
        return open(found, calls, object);
      } catch (RuntimeException e) {
        calls.release(object);
        throw e;
      }
    } finally {
      calls.pop(pool);
    }
  }

  private static MetalDevice open(MetalProbe.Usable found, MetalCalls calls, long object) {
    MetalModules modules = MetalModules.open(calls, object, found.blobs());
    try {
      modules.pipeline(modules.kernel(modules.first()));
      return new MetalDevice(found.info(), calls, object, modules);
    } catch (RuntimeException e) {
      modules.close();
      throw e;
    }
  }

  MetalCalls calls() {
    return calls;
  }

  /** The object of Metal. */
  long object() {
    return object;
  }

  MetalModules modules() {
    return modules;
  }

  SelfTest selfTest() {
    return selfTest;
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  /** No: kernels run after their launch has returned, when the caller may have changed or freed a host buffer. */
  @Override
  public boolean usesHostMemory() {
    return false;
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    requireOpen();
    MetalMemory allocated = take(bytes);
    inUse.addAndGet(bytes);
    if (!open.get()) { // closed by another thread meanwhile, which may have missed this allocation
      allocated.close();
      requireOpen();
    }
    return allocated;
  }

  /**
   * The pages of mapped memory, or memory that begins with a page; either needs some bytes behind it in the last page, see
   * {@link #PADDING}. Not counted as in use.
   */
  @Override
  public DeviceMemory share(MemorySegment bytes) {
    requireOpen();
    long page = calls.pageSize();
    long offset = bytes.isNative() ? bytes.address() & page - 1 : 0;
    boolean fits = bytes.isNative() && bytes.byteSize() > 0 && bytes.byteSize() <= maxBuffer - 2 * page
        && (offset == 0 || bytes.isMapped()) && offset % Integer.BYTES == 0;
    long pages = fits ? offset + bytes.byteSize() + page - 1 & -page : 0;
    if (pages - offset - bytes.byteSize() < PADDING) {
      return null;
    }
    long pool = calls.push();
    try {
      long buffer = calls.newBufferOver(object, bytes.address() - offset, pages);
      if (buffer == 0) {
        return null; // it is copied then
      }
      MetalMemory taken = MetalMemory.shared(this, buffer, bytes, offset);
      memory.add(taken);
      return taken;
    } finally {
      calls.pop(pool);
    }
  }

  /** Zeros, with padding behind them; not counted as in use. */
  MetalMemory take(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot allocate " + bytes + " bytes");
    }
    long padded = bytes > Long.MAX_VALUE - 2 * PADDING ? Long.MAX_VALUE : bytes / PADDING * PADDING + 2 * PADDING;
    long pool = calls.push();
    try {
      long buffer = padded > maxBuffer ? 0 : calls.newBuffer(object, padded);
      long contents = buffer == 0 ? 0 : calls.contents(buffer);
      if (contents == 0) {
        if (buffer != 0) {
          calls.release(buffer);
        }
        throw new DeviceMemoryException(bytes, -1, info.memory(), null);
      }
      MemorySegment all = MemorySegment.ofAddress(contents).reinterpret(padded).fill((byte) 0);
      MetalMemory taken = MetalMemory.own(this, buffer, all.asSlice(0, bytes));
      memory.add(taken);
      return taken;
    } finally {
      calls.pop(pool);
    }
  }

  /** Frees memory that is already marked as closed, after every call that may still use it. */
  void release(MetalMemory closed) {
    if (memory.contains(closed)) {
      if (closed.isShared()) {
        queues.forEach(MetalQueue::finishQuietly); // a command buffer retains the buffer, but not the pages of the host
      } else {
        queues.forEach(Queue::quiesce);
        inUse.addAndGet(-closed.byteSize());
      }
      giveBack(closed);
    }
  }

  /** Frees what {@link #take} gave and no launch will use any more. */
  void giveBack(MetalMemory taken) {
    if (memory.remove(taken)) {
      calls.release(taken.buffer());
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

  private MetalQueue newQueue(Numerics numerics) {
    requireOpen();
    MetalQueue queue = MetalQueue.open(this, numerics);
    queues.add(queue);
    if (!open.get()) {
      queue.close();
      requireOpen();
    }
    return queue;
  }

  /** No memory waits for this queue from now on: it has finished. */
  void forget(MetalQueue queue) {
    queues.remove(queue);
  }

  @Override
  public List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics) {
    Map<String, String> bad = new HashMap<>(modules.refused());
    bad.putAll(selfTest.quarantined());
    return MetalTable.TUNED.explain(modules, bad, op, type, numerics);
  }

  @Override
  public SelfTestReport testKernels() {
    try (MetalQueue queue = newQueue(Numerics.FAST)) {
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
      throw new IllegalStateException("the Metal device is closed");
    }
  }

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      RuntimeException first = null;
      for (MetalQueue queue : queues) {
        try {
          queue.close();
        } catch (KernelException | IndexOutOfBoundsException e) { // the rest is freed all the same
          first = first == null ? e : first;
        }
      }
      memory.forEach(MetalMemory::close);
      memory.forEach(this::giveBack);
      modules.close();
      calls.release(object);
      if (first != null) {
        throw first;
      }
    }
  }
}
