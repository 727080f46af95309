package io.gllm.kernels.testkit;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A matrix packed by each device of a harness, with guard bytes around it where the host sees the device's memory. */
public final class Packed implements AutoCloseable {
  private final Harness harness;
  private final List<One> ones = new ArrayList<>();

  private Packed(Harness harness) {
    this.harness = harness;
  }

  static Packed pack(Harness harness, Data b, long n, long k, boolean transposed, int shift) {
    Packed result = new Packed(harness);
    try {
      harness.onEach(() -> result.ones
          .add(new One(harness.device(), harness.kernel(PackB.OP, b.type()).packedBytes(n, k), b, n, k)));
      Call<PackB.Kernel> call = new Call<PackB.Kernel>("pack_b n=" + n + " k=" + k + (transposed ? " transposed" : "")).shift(shift);
      Operand source = call.in("b", b);
      harness.check(PackB.OP, b.type(), call.launch(pack -> {
        PackB.check(source.buffer(), result.buffer(), n, k, transposed);
        pack.run(source.buffer(), result.buffer(), n, k, transposed);
      }));
      harness.onEach(() -> result.one().seal());
      return result;
    } catch (RuntimeException e) {
      result.close();
      throw e;
    }
  }

  private One one() {
    return ones.get(harness.turn());
  }

  /** The matrix of the device whose turn it is. */
  public Buffer buffer() {
    return one().buffer;
  }

  /** Size of the matrix on the device that needs most. */
  public long mostBytes() {
    return ones.stream().mapToLong(one -> one.bytes).max().orElseThrow();
  }

  void checkUnchanged() {
    one().checkUnchanged();
  }

  @Override
  public void close() {
    ones.forEach(one -> one.whole.close());
  }

  /** The matrix of one device. */
  private static final class One {
    private final DeviceMemory whole;
    private final long bytes;
    private final Buffer buffer;
    private MemorySegment snapshot;

    One(Device device, long bytes, Data b, long n, long k) {
      this.bytes = bytes;
      whole = device.allocate(bytes + 2 * Zones.GUARD);
      if (whole.segment() == null) {
        buffer = Buffer.packed(whole, b.type(), n, k);
      } else {
        whole.segment().fill(Harness.NAN_PATTERN);
        buffer = Buffer.packed(new Window(whole, Zones.GUARD, bytes), b.type(), n, k);
      }
    }

    /** Checks the guards after packing, and keeps what must not change from now on. */
    void seal() {
      if (whole.segment() == null) {
        return;
      }
      byte[] all = whole.segment().toArray(ValueLayout.JAVA_BYTE);
      for (int i = 0; i < all.length; i++) {
        boolean guard = i < Zones.GUARD || i >= Zones.GUARD + bytes;
        if (guard && all[i] != Harness.NAN_PATTERN) {
          throw new Mismatch("pack_b wrote byte " + (i - Zones.GUARD) + " of a packed matrix of " + bytes + " bytes");
        }
      }
      snapshot = MemorySegment.ofArray(all);
    }

    void checkUnchanged() {
      if (snapshot != null && whole.segment().mismatch(snapshot) >= 0) {
        throw new Mismatch("the packed matrix was changed");
      }
    }
  }

  /** Part of a device's memory. */
  private static final class Window extends DeviceMemory {
    private final DeviceMemory whole;
    private final long offset;
    private final MemorySegment segment;

    Window(DeviceMemory whole, long offset, long bytes) {
      this.whole = whole;
      this.offset = offset;
      this.segment = whole.segment().asSlice(offset, bytes);
    }

    @Override
    public Device device() {
      return whole.device();
    }

    @Override
    public long byteSize() {
      return segment.byteSize();
    }

    @Override
    public long address() {
      return whole.address() + offset;
    }

    @Override
    public MemorySegment segment() {
      return segment;
    }

    @Override
    public boolean isOpen() {
      return whole.isOpen();
    }

    @Override
    public void close() {
      throw new IllegalStateException("a window does not own its memory");
    }
  }
}
