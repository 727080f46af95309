package io.gllm.kernels.rocm;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.PortableTable;
import io.gllm.kernels.api.portable.SelfTest;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One user-mode queue of a GPU. Launches and uploads return at once; a download returns when the bytes are there.
 */
final class RocmQueue extends Queue implements Launcher {
  private static final long WINDOW_BYTES = (1L << 32) - 65536;
  private static final long SCRATCH_STEP = 1 << 20;

  private final RocmDevice device;
  private final Numerics numerics;
  private final HsaCalls calls;
  private final PacketQueue packets;
  private final Completion reached;
  private final ArgumentRing ring;
  private final Transfers transfers;
  private final FaultWords faults;
  private final Arena arguments = Arena.ofShared();
  private final List<RocmMemory> scratch = new ArrayList<>();
  private final List<Buffer> scratchBuffers = new ArrayList<>();
  private final List<RocmMemory> pinned = new ArrayList<>();
  private boolean released;
  private RocmRecording capture; // null unless calls are recorded

  private RocmQueue(RocmDevice device, Numerics numerics, PacketQueue packets, Completion reached, ArgumentRing ring, Transfers transfers,
      FaultWords faults) {
    this.device = device;
    this.numerics = numerics;
    this.calls = device.calls();
    this.packets = packets;
    this.reached = reached;
    this.ring = ring;
    this.transfers = transfers;
    this.faults = faults;
  }

  static RocmQueue open(RocmDevice device, Numerics numerics) {
    HsaCalls calls = device.calls();
    RocmGpu gpu = device.gpu();
    List<Consumer<Closing>> made = new ArrayList<>();
    try {
      PacketQueue packets = new PacketQueue(calls, gpu);
      made.add(packets::close);
      Completion reached = new Completion(calls, packets);
      made.add(reached::close);
      ArgumentRing ring = ArgumentRing.open(calls, gpu, packets);
      made.add(ring::close);
      Transfers transfers = Transfers.open(calls, gpu, packets);
      made.add(transfers::close);
      return new RocmQueue(device, numerics, packets, reached, ring, transfers, FaultWords.open(device));
    } catch (RuntimeException e) {
      Closing closing = new Closing(calls);
      made.reversed().forEach(close -> close.accept(closing));
      throw e;
    }
  }

  @Override
  public <K> K kernel(Op<K> op, ElementType type) {
    return numerics == Numerics.FAST
        ? RocmTable.TUNED.kernel(this, device.modules(), op, type)
        : PortableTable.kernel(this, op, type);
  }

  @Override
  public Launch prepare(String symbol) {
    return new RocmLaunch(device, this, device.modules().kernel(symbol), arguments);
  }

  /** Launches a kernel whose arguments take {@code bytes}, or keeps the launch; the queue is taken. Launching allocates nothing. */
  void launch(RocmKernel kernel, int x, int y, int z, int threads, MemorySegment arguments, int bytes) {
    if (capture != null) {
      capture.add(kernel, x, y, z, threads, arguments);
      return;
    }
    long address = ring.take(bytes);
    MemorySegment.copy(arguments, 0, HsaCalls.MEMORY, address, arguments.byteSize());
    packets.dispatch(kernel, x, y, z, threads, address);
  }

  @Override
  public long windowBytes() {
    return WINDOW_BYTES;
  }

  @Override
  public Buffer scratch(int number, long bytes) {
    while (scratch.size() <= number) {
      scratch.add(null);
      scratchBuffers.add(null);
    }
    Buffer buffer = scratchBuffers.get(number);
    return buffer != null && buffer.length() >= bytes ? buffer : grow(number, bytes);
  }

  private Buffer grow(int number, long bytes) {
    requireNotRecording("growth of scratch memory");
    RocmMemory old = scratch.set(number, null);
    scratchBuffers.set(number, null);
    if (old != null && isPinned()) {
      pinned.add(old); // recordings refer to it
    } else if (old != null) {
      finish(); // no other queue uses it
      device.giveBack(old);
    }
    long size = Math.max(SCRATCH_STEP, bytes + (SCRATCH_STEP - 1) & -SCRATCH_STEP);
    RocmMemory memory = device.take(size);
    scratch.set(number, memory);
    Buffer buffer = Buffer.owning(memory, DType.I8, size);
    scratchBuffers.set(number, buffer);
    return buffer;
  }

  @Override
  public Buffer faults() {
    return faults.buffer();
  }

  @Override
  public SelfTest selfTest() {
    return device.selfTest();
  }

  @Override
  public void copy(Buffer from, Buffer to) {
    long bytes = from.byteSize();
    if (bytes != to.byteSize()) {
      throw new IllegalArgumentException("copy of " + bytes + " bytes to " + to.byteSize());
    }
    boolean up = isOutside(from);
    boolean down = isOutside(to);
    if (up && down) {
      throw new IllegalArgumentException("neither buffer is on " + device.info().name());
    }
    begin();
    try {
      requireOpen(from);
      requireOpen(to);
      if (bytes == 0) {
        return;
      }
      requireNotRecording("a transfer, or a copy on the device, which an engine of its own makes,");
      if (up) {
        transfers.upload(from.segment(), to.address());
      } else if (down) {
        transfers.download(from.address(), to.segment());
        faults.check();
      } else {
        transfers.copy(from.address(), to.address(), bytes);
      }
    } finally {
      end();
    }
  }

  private boolean isOutside(Buffer buffer) {
    if (buffer.memory().device() == device) {
      return false;
    }
    if (buffer.segment() == null) {
      throw new IllegalArgumentException("a buffer of another device cannot be copied: " + buffer);
    }
    return true;
  }

  private static void requireOpen(Buffer buffer) {
    if (!buffer.isOpen()) {
      throw new IllegalStateException("the buffer is closed: " + buffer);
    }
  }

  @Override
  public void sync() {
    begin();
    try {
      requireNotRecording("a wait");
      finish();
      faults.check();
    } finally {
      end();
    }
  }

  @Override
  public boolean captures() {
    return true;
  }

  @Override
  protected void startCapture() {
    capture = new RocmRecording(this, calls, packets);
  }

  @Override
  protected Captured endCapture() {
    RocmRecording done = capture.finish(device.gpu());
    capture = null;
    return done;
  }

  @Override
  protected void dropCapture() {
    if (capture != null) {
      capture.close();
      capture = null;
    }
  }

  @Override
  protected void endPinning() {
    if (!calls.isLost()) { // else closing the device frees it
      pinned.forEach(device::giveBack);
    }
    pinned.clear();
  }

  /** Waits for everything launched so far; the queue is taken. */
  void finish() {
    reached.reset();
    packets.barrier(0, reached.arm());
    reached.await();
  }

  /** Waits for everything launched so far, unless the queue is closed, which has waited. For any thread, also one that records. */
  void drain() {
    exclusively(() -> {
      if (!released) {
        finish();
      }
    });
  }

  @Override
  protected void release() {
    Closing closing = new Closing(calls);
    released = true;
    closing.step(this::finish);
    closing.step(transfers::finish);
    packets.close(closing); // from here on nothing runs, even if waiting failed
    device.forget(this);
    scratch.addAll(pinned);
    for (RocmMemory memory : scratch) {
      if (memory != null) {
        closing.step(() -> device.giveBack(memory));
      }
    }
    closing.step(faults::check);
    faults.close(closing);
    transfers.close(closing);
    ring.close(closing);
    reached.close(closing);
    arguments.close();
    closing.rethrow();
  }
}
