package io.gllm.kernels;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.List;

/**
 * A device whose memory the host cannot see, as a GPU's; it knows vec_add in f32, and does nothing for other operators. With the feature
 * "graphs" it says that it captures recordings.
 */
final class FarDevice implements Device {
  private final DeviceInfo info;
  private long inUse;
  boolean closed;

  FarDevice(DeviceInfo info) {
    this.info = info;
  }

  /** A provider of one such device. */
  record Provider(String name, boolean software, boolean breaks, int spiVersion) implements BackendProvider {
    Provider(String name) {
      this(name, false, false, SPI_VERSION);
    }

    @Override
    public Probe probe(BackendConfig config) {
      return Probe.found(List.of(new DeviceInfo(name, 0, "far " + name, software, -1, List.of(), List.of())));
    }

    @Override
    public Device open(DeviceInfo device, BackendConfig config) {
      if (breaks) {
        throw new KernelException("the driver is out of order");
      }
      return new FarDevice(device);
    }
  }

  /** A provider that finds nothing. */
  record Absent(String name) implements BackendProvider {
    @Override
    public Probe probe(BackendConfig config) {
      return Probe.rejected("no-driver", "no " + name + " here", "buy one");
    }

    @Override
    public Device open(DeviceInfo device, BackendConfig config) {
      throw new AssertionError("nothing to open");
    }
  }

  private final class Memory extends DeviceMemory {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment hidden;
    private boolean open = true;

    Memory(long bytes) {
      hidden = arena.allocate(bytes, 64);
      inUse += bytes;
    }

    @Override
    public Device device() {
      return FarDevice.this;
    }

    @Override
    public long byteSize() {
      return hidden.byteSize();
    }

    @Override
    public long address() {
      return hidden.address();
    }

    @Override
    public MemorySegment segment() {
      return null;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        inUse -= hidden.byteSize();
        arena.close();
      }
    }
  }

  private static MemorySegment bytes(Buffer buffer) {
    return buffer.memory() instanceof Memory memory ? memory.hidden.asSlice(buffer.byteOffset(), buffer.byteSize()) : buffer.segment();
  }

  private static final class FarQueue extends Queue {
    private final boolean captures;

    FarQueue(boolean captures) {
      this.captures = captures;
    }

    @Override
    public boolean captures() {
      return captures;
    }

    @Override
    public <K> K kernel(Op<K> op, ElementType type) {
      if (op == (Op<?>) BinaryOp.ADD) {
        return op.kernel().cast((BinaryOp.Kernel) FarQueue::add);
      }
      return op.kernel().cast(Proxy.newProxyInstance(op.kernel().getClassLoader(), new Class<?>[]{op.kernel()}, (p, m, a) -> null));
    }

    private static void add(Buffer a, Buffer b, Buffer out, long n) {
      for (long i = 0; i < n; i++) {
        float sum = bytes(a).getAtIndex(ValueLayout.JAVA_FLOAT, i) + bytes(b).getAtIndex(ValueLayout.JAVA_FLOAT, i);
        bytes(out).setAtIndex(ValueLayout.JAVA_FLOAT, i, sum);
      }
    }

    @Override
    public void copy(Buffer from, Buffer to) {
      bytes(to).copyFrom(bytes(from));
    }

    @Override
    public void sync() {}

    @Override
    protected void release() {}
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
    return new Memory(bytes);
  }

  @Override
  public long memoryInUse() {
    return inUse;
  }

  @Override
  public Queue openQueue(Numerics numerics) {
    return new FarQueue(info.features().contains("graphs"));
  }

  @Override
  public List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics) {
    return List.of(new Candidate("far_" + op.name(), true, "the only one"));
  }

  @Override
  public void close() {
    closed = true;
  }
}
