package io.gllm.kernels.testkit.reference;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A device whose kernels are the oracle, rounded; some may be replaced by faulty ones. */
public final class ReferenceDevice implements Device {
  private final boolean hostMemory;
  private final List<Mutant<?>> mutants;

  /** With the kernels of {@code mutants} replaced. */
  public ReferenceDevice(Mutant<?>... mutants) {
    this(true, mutants);
  }

  private ReferenceDevice(boolean hostMemory, Mutant<?>... mutants) {
    this.hostMemory = hostMemory;
    this.mutants = List.of(mutants);
  }

  /** One that says it copies host memory. */
  public static ReferenceDevice copying() {
    return new ReferenceDevice(false);
  }

  @Override
  public DeviceInfo info() {
    return new DeviceInfo("reference", 0, "oracle", true, -1, List.of(), List.of());
  }

  @Override
  public boolean usesHostMemory() {
    return hostMemory;
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    return new Memory(this, bytes);
  }

  @Override
  public long memoryInUse() {
    return 0;
  }

  @Override
  public Queue openQueue(Numerics numerics) {
    return new ReferenceQueue();
  }

  @Override
  public List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics) {
    return List.of();
  }

  @Override
  public void close() {}

  private final class ReferenceQueue extends Queue {
    @Override
    public <K> K kernel(Op<K> op, ElementType type) {
      K kernel = Kernels.of(op, type);
      for (Mutant<?> mutant : mutants) {
        if (mutant.op() == op && mutant.type() == type) {
          return op.kernel().cast(mutant.replace(kernel));
        }
      }
      return kernel;
    }

    @Override
    public void copy(Buffer from, Buffer to) {
      to.segment().copyFrom(from.segment());
    }

    @Override
    public void sync() {}

    @Override
    protected void release() {}
  }

  private static final class Memory extends DeviceMemory {
    private final Device device;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    Memory(Device device, long bytes) {
      this.device = device;
      this.segment = arena.allocate(Math.max(bytes, 1), 64).asSlice(0, bytes);
    }

    @Override
    public Device device() {
      return device;
    }

    @Override
    public long byteSize() {
      return segment.byteSize();
    }

    @Override
    public long address() {
      return segment.address();
    }

    @Override
    public MemorySegment segment() {
      return segment;
    }

    @Override
    public boolean isOpen() {
      return arena.scope().isAlive();
    }

    @Override
    public void close() {
      if (isOpen()) {
        arena.close();
      }
    }
  }
}
