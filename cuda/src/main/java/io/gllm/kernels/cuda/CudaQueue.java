package io.gllm.kernels.cuda;

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
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUevent;
import jcuda.driver.CUgraph;
import jcuda.driver.CUstream;

/**
 * One stream of a GPU. Launches and uploads return at once; a download returns when the bytes are there.
 */
final class CudaQueue extends Queue implements Launcher {
  private static final long WINDOW_BYTES = (1L << 32) - 65536;
  private static final long SCRATCH_STEP = 1 << 20;

  private final CudaDevice device;
  private final Numerics numerics;
  private final CudaCalls calls;
  private final CUstream stream;
  private final CUevent reached;
  private final Staging staging;
  private final FaultWords faults;
  private final Arena arguments = Arena.ofShared();
  private final List<CudaMemory> scratch = new ArrayList<>();
  private final List<Buffer> scratchBuffers = new ArrayList<>();
  private final List<CudaMemory> pinned = new ArrayList<>();
  private boolean capturing; // guarded by the device's memory lock

  private CudaQueue(CudaDevice device, Numerics numerics, CUstream stream, CUevent reached, Staging staging, FaultWords faults) {
    this.device = device;
    this.numerics = numerics;
    this.calls = device.calls();
    this.stream = stream;
    this.reached = reached;
    this.staging = staging;
    this.faults = faults;
  }

  /** A new stream; the context is current. */
  static CudaQueue open(CudaDevice device, Numerics numerics) {
    CudaCalls calls = device.calls();
    List<Runnable> made = new ArrayList<>();
    try {
      CUstream stream = calls.createStream();
      made.add(() -> calls.destroy(stream));
      CUevent reached = calls.createEvent();
      made.add(() -> calls.destroy(reached));
      Staging staging = Staging.open(calls, stream);
      made.add(() -> staging.close(new Closing(calls)));
      return new CudaQueue(device, numerics, stream, reached, staging, FaultWords.open(device));
    } catch (RuntimeException e) {
      Closing closing = new Closing(calls);
      made.reversed().forEach(closing::step);
      throw e;
    }
  }

  @Override
  public <K> K kernel(Op<K> op, ElementType type) {
    return numerics == Numerics.FAST
        ? CudaTable.TUNED.kernel(this, device.modules(), op, type)
        : PortableTable.kernel(this, op, type);
  }

  @Override
  public Launch prepare(String symbol) {
    return new CudaLaunch(device, this, stream, device.modules().kernel(symbol), arguments);
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
    CudaMemory old = scratch.set(number, null);
    scratchBuffers.set(number, null);
    if (old != null && isPinned()) {
      pinned.add(old); // recordings may refer to it
    } else if (old != null) {
      device.giveBack(old);
    }
    long size = Math.max(SCRATCH_STEP, bytes + (SCRATCH_STEP - 1) & -SCRATCH_STEP);
    CudaMemory memory = device.take(size);
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
      device.context().enter();
      if (bytes == 0) {
        return;
      }
      if (up || down) {
        requireNotRecording("a transfer");
      }
      if (up) {
        staging.upload(from.segment(), to.address());
      } else if (down) {
        staging.download(from.address(), to.segment());
        faults.check();
      } else {
        calls.copy(to.address(), from.address(), bytes, stream);
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
      device.context().enter();
      calls.synchronize(stream);
      faults.check();
    } finally {
      end();
    }
  }

  @Override
  public boolean captures() {
    return device.hasGraphs();
  }

  @Override
  protected void startCapture() {
    device.context().enter();
    device.whileNothingIsFreed(() -> {
      calls.record(reached, stream);
      calls.beginCapture(stream);
      capturing = true;
    });
  }

  @Override
  protected Captured endCapture() {
    device.context().enter();
    return CudaGraph.of(device, stream, finishCapture());
  }

  private CUgraph finishCapture() {
    CUgraph[] graph = new CUgraph[1];
    device.whileNothingIsFreed(() -> {
      graph[0] = calls.endCapture(stream);
      capturing = false;
    });
    return graph[0];
  }

  @Override
  protected void dropCapture() {
    if (capturing) {
      Closing closing = new Closing(calls);
      closing.step(device.context()::enter);
      closing.step(() -> calls.destroy(finishCapture()));
      device.whileNothingIsFreed(() -> capturing = false); // a driver that refuses has ended it before
    }
  }

  @Override
  protected void endPinning() {
    pinned.forEach(device::giveBack);
    pinned.clear();
  }

  /** Makes {@code other} wait for everything launched so far; what is being captured does not run. */
  void finishBefore(CUstream other) {
    if (!capturing) {
      calls.record(reached, stream);
    }
    calls.await(other, reached);
  }

  @Override
  protected void release() {
    Closing closing = new Closing(calls);
    closing.step(device.context()::enter);
    closing.step(() -> calls.finish(stream));
    device.forget(this);
    scratch.addAll(pinned);
    for (CudaMemory memory : scratch) {
      if (memory != null) {
        closing.step(() -> device.giveBack(memory));
      }
    }
    closing.step(faults::check);
    faults.close(closing);
    staging.close(closing);
    closing.step(() -> calls.destroy(reached));
    closing.step(() -> calls.destroy(stream));
    arguments.close();
    closing.rethrow();
  }
}
