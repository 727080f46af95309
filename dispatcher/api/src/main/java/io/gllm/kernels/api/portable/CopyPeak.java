package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import io.gllm.kernels.api.spi.Queue;
import java.util.ArrayList;
import java.util.List;

/** The speed of a GPU's memory: the driver's own copy within it, as bytes read and written, which stands for reading too. */
public final class CopyPeak implements PeakProbe {
  /** Copies of a run, so that waiting for them does not count. */
  private static final int COPIES = 4;

  private final PeakKind kind;
  private final Queue queue;
  private final Buffer from;
  private final Buffer to;

  private CopyPeak(PeakKind kind, Queue queue, Buffer from, Buffer to) {
    this.kind = kind;
    this.queue = queue;
    this.from = from;
    this.to = to;
  }

  /** Null for what this is no limit of. */
  public static PeakProbe open(Device device, PeakKind kind, long bytes) {
    if (kind != PeakKind.COPY && kind != PeakKind.READ) {
      return null;
    }
    long size = Math.max(16, bytes);
    List<Buffer> made = new ArrayList<>();
    try {
      for (int i = 0; i < 2; i++) {
        made.add(Buffer.owning(device.allocate(size), DType.I8, size));
      }
      return new CopyPeak(kind, device.openQueue(Numerics.FAST), made.getFirst(), made.getLast());
    } catch (RuntimeException e) {
      made.forEach(Buffer::close);
      throw e;
    }
  }

  @Override
  public String name() {
    return kind == PeakKind.COPY ? "the driver's copy" : "the driver's copy, which may stay below";
  }

  @Override
  public double work() {
    return 2.0 * COPIES * from.byteSize();
  }

  @Override
  public void run() {
    queue.begin();
    try {
      for (int i = 0; i < COPIES; i++) {
        queue.copy(from, to);
      }
      queue.sync();
    } finally {
      queue.end();
    }
  }

  @Override
  public void close() {
    from.close();
    to.close();
    queue.close();
  }
}
