package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import java.lang.foreign.MemorySegment;

/** A {@link CpuPeak} with its memory. */
final class CpuPeakProbe implements PeakProbe {
  private static final long PIECE = 4096;

  private final CpuDevice device;
  private final ThreadTeam team;
  private final DeviceMemory from;
  private final DeviceMemory to;
  private final CpuPeak peak;
  private boolean closed;

  CpuPeakProbe(PeakKind kind, long bytes, CpuPeak.Factory factory, CpuDevice device, ThreadTeam team) {
    this.device = device;
    this.team = team;
    long unit = PIECE * team.size();
    long size = Math.max(1, bytes / unit) * unit;
    from = kind.isCompute() ? null : filled(device.allocate(size));
    to = kind.isCompute() || kind == PeakKind.READ ? null : filled(device.allocate(size));
    peak = factory.create(team.size(), segment(from), segment(to));
  }

  /** Writes every page: reading pages that were never written reads one page of zeros from the cache. */
  private static DeviceMemory filled(DeviceMemory memory) {
    memory.segment().fill((byte) 0x3e);
    return memory;
  }

  private static MemorySegment segment(DeviceMemory memory) {
    return memory == null ? MemorySegment.NULL : memory.segment();
  }

  @Override
  public String name() {
    return peak.name();
  }

  @Override
  public double work() {
    return peak.work();
  }

  /** Closing waits until a run has ended: the loops hold plain addresses. */
  @Override
  public synchronized void run() {
    if (closed) {
      throw new IllegalStateException("the probe is closed");
    }
    team.run(peak.task());
  }

  @Override
  public synchronized void close() {
    closed = true;
    device.forget(this);
    if (from != null) {
      from.close();
    }
    if (to != null) {
      to.close();
    }
  }
}
