package io.gllm.kernels.cpu;

import io.gllm.kernels.api.DeviceMemoryException;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** The CPU as a device: host memory, a thread team, and the table of kernels. */
final class CpuDevice implements Device {
  private final DeviceInfo info;
  private final CpuTable table;
  private final MemorySource source;
  private final ThreadTeam team;
  private final Set<CpuMemory> memory = ConcurrentHashMap.newKeySet();
  private final List<CpuQueue> queues = new CopyOnWriteArrayList<>();
  private final Set<CpuPeakProbe> probes = ConcurrentHashMap.newKeySet();
  private final AtomicLong inUse = new AtomicLong();
  private final AtomicBoolean open = new AtomicBoolean(true);

  CpuDevice(DeviceInfo info, CpuTable table, MemorySource source, int threads) {
    this.info = info;
    this.table = table;
    this.source = source;
    this.team = new ThreadTeam(threads);
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public boolean usesHostMemory() {
    return true;
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    requireOpen();
    Arena arena = Arena.ofShared();
    try {
      CpuMemory allocated = new CpuMemory(this, arena, source.allocate(arena, bytes));
      memory.add(allocated);
      inUse.addAndGet(bytes);
      if (!open.get()) { // closed by another thread meanwhile, which may have missed this allocation
        allocated.close();
        requireOpen();
      }
      return allocated;
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      arena.close();
      throw new DeviceMemoryException(bytes, -1, info.memory(), e);
    }
  }

  /** Frees memory that is already marked as closed, after every launch that may still use it. */
  void release(CpuMemory closed) {
    if (memory.remove(closed)) {
      queues.forEach(Queue::quiesce);
      inUse.addAndGet(-closed.byteSize());
      closed.free();
    }
  }

  @Override
  public long memoryInUse() {
    return inUse.get();
  }

  @Override
  public Queue openQueue(Numerics numerics) {
    requireOpen();
    CpuQueue queue = new CpuQueue(this, table, new CpuContext(team, new Scratch(source), new Scratch(MemorySource.PLAIN)), numerics);
    queues.add(queue);
    if (!open.get()) {
      queue.close();
      requireOpen();
    }
    return queue;
  }

  void forget(CpuQueue queue) {
    queues.remove(queue);
  }

  @Override
  public List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics) {
    return table.explain(op, type, numerics);
  }

  @Override
  public PeakProbe openPeak(PeakKind kind, long bytes) {
    CpuPeak.Factory factory = table.peak(kind);
    if (factory == null) {
      return null;
    }
    CpuPeakProbe probe = new CpuPeakProbe(kind, bytes, factory, this, team);
    probes.add(probe);
    return probe;
  }

  void forget(CpuPeakProbe probe) {
    probes.remove(probe);
  }

  private void requireOpen() {
    if (!open.get()) {
      throw new IllegalStateException("the CPU device is closed");
    }
  }

  @Override
  public void close() {
    if (open.compareAndSet(true, false)) {
      queues.forEach(Queue::close);
      List.copyOf(probes).forEach(CpuPeakProbe::close);
      List.copyOf(memory).forEach(CpuMemory::close);
      team.close();
    }
  }
}
