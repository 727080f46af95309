package io.gllm.kernels.testkit;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** A packed matrix, with guard bytes around it where the host sees the device's memory. */
final class Packed implements AutoCloseable {
  private final DeviceMemory whole;
  private final long bytes;
  private final Buffer buffer;
  private byte[] snapshot;

  private Packed(Device device, long bytes, Data b, long n, long k) {
    this.bytes = bytes;
    whole = device.allocate(bytes + 2 * Zones.GUARD);
    if (whole.segment() == null) {
      buffer = Buffer.packed(whole, b.type(), n, k);
    } else {
      whole.segment().fill(Harness.NAN_PATTERN);
      buffer = Buffer.packed(new Window(whole, Zones.GUARD, bytes), b.type(), n, k);
    }
  }

  static Packed pack(Harness harness, Data b, long n, long k, boolean transposed, int shift) {
    PackB.Kernel kernel = harness.kernel(PackB.OP, b.type());
    Packed result = new Packed(harness.device(), kernel.packedBytes(n, k), b, n, k);
    try {
      Call<PackB.Kernel> call = new Call<PackB.Kernel>("pack_b n=" + n + " k=" + k + (transposed ? " transposed" : "")).shift(shift);
      Operand source = call.in("b", b);
      harness.check(PackB.OP, b.type(), call.launch(pack -> {
        PackB.check(source.buffer(), result.buffer, n, k, transposed);
        pack.run(source.buffer(), result.buffer, n, k, transposed);
      }));
      result.checkGuards();
      result.snapshot = result.contents();
      return result;
    } catch (RuntimeException e) {
      result.close();
      throw e;
    }
  }

  Buffer buffer() {
    return buffer;
  }

  private byte[] contents() {
    MemorySegment segment = whole.segment();
    return segment == null ? null : segment.toArray(ValueLayout.JAVA_BYTE);
  }

  private void checkGuards() {
    byte[] all = contents();
    for (int i = 0; all != null && i < all.length; i++) {
      boolean guard = i < Zones.GUARD || i >= Zones.GUARD + bytes;
      if (guard && all[i] != Harness.NAN_PATTERN) {
        throw new Mismatch("pack_b wrote byte " + (i - Zones.GUARD) + " of a packed matrix of " + bytes + " bytes");
      }
    }
  }

  void checkUnchanged() {
    if (snapshot != null && !Arrays.equals(contents(), snapshot)) {
      throw new Mismatch("the packed matrix was changed");
    }
  }

  @Override
  public void close() {
    whole.close();
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
