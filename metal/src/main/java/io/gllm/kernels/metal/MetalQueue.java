package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.portable.Fault;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.PortableTable;
import io.gllm.kernels.api.portable.SelfTest;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * One queue of a GPU. Launches are collected in a command buffer, which is committed when it is long or when the queue is waited for.
 * Copies wait, then move the bytes on the processor, which shares the memory.
 */
final class MetalQueue extends Queue implements Launcher {
  /** Launches of a command buffer: enough to make the cost of a commit small, few enough that the GPU starts early. */
  static final int BATCH = 128;
  /** Command buffers in flight, a quarter of what Metal allows a queue before it blocks. */
  static final int IN_FLIGHT = 16;

  private static final long WINDOW_BYTES = (1L << 32) - 65536;
  private static final long SCRATCH_STEP = 1 << 20;
  private static final int FAULT_BYTES = 4 * Integer.BYTES;

  private final MetalDevice device;
  private final Numerics numerics;
  private final MetalCalls calls;
  private final long queue;
  private final MetalMemory faultWords;
  private final Buffer faults;
  private final Arena arguments = Arena.ofShared();
  private final List<MetalMemory> scratch = new ArrayList<>();
  private final List<Buffer> scratchBuffers = new ArrayList<>();
  private final List<MetalMemory> pinned = new ArrayList<>();
  private final long[] committed = new long[IN_FLIGHT];
  private int inFlight;
  private long commands;
  private long encoder;
  private int launches;
  private long nanos;
  private String failure; // of work that was waited for, not yet told
  private MetalRecording capture; // null unless calls are recorded

  private MetalQueue(MetalDevice device, Numerics numerics, long queue, MetalMemory faultWords) {
    this.device = device;
    this.numerics = numerics;
    this.calls = device.calls();
    this.queue = queue;
    this.faultWords = faultWords;
    this.faults = Buffer.owning(faultWords, DType.I32, FAULT_BYTES / Integer.BYTES);
  }

  static MetalQueue open(MetalDevice device, Numerics numerics) {
    MetalMemory words = device.take(FAULT_BYTES);
    long pool = device.calls().push();
    try {
      long queue = device.calls().newQueue(device.object());
      if (queue == 0) {
        device.giveBack(words);
        throw new KernelException("Metal gave no command queue");
      }
      return new MetalQueue(device, numerics, queue, words);
    } finally {
      device.calls().pop(pool);
    }
  }

  @Override
  public <K> K kernel(Op<K> op, ElementType type) {
    return numerics == Numerics.FAST
        ? MetalTable.TUNED.kernel(this, device.modules(), op, type)
        : PortableTable.kernel(this, op, type);
  }

  @Override
  public Launch prepare(String symbol) {
    return new MetalLaunch(device, this, device.modules().kernel(symbol), arguments);
  }

  @Override
  public boolean takes(String symbol) {
    return device.modules().compiles(symbol);
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
    MetalMemory old = scratch.set(number, null);
    scratchBuffers.set(number, null);
    if (old != null && isPinned()) {
      pinned.add(old); // recordings refer to it
    } else if (old != null) {
      device.giveBack(old); // launches that use it retain it
    }
    long size = Math.max(SCRATCH_STEP, bytes + (SCRATCH_STEP - 1) & -SCRATCH_STEP);
    MetalMemory memory = device.take(size);
    scratch.set(number, memory);
    Buffer buffer = Buffer.owning(memory, DType.I8, size);
    scratchBuffers.set(number, buffer);
    return buffer;
  }

  @Override
  public Buffer faults() {
    return faults;
  }

  @Override
  public SelfTest selfTest() {
    return device.selfTest();
  }

  /** Adds a launch; the queue is taken. */
  void launch(MetalDispatch dispatch) {
    if (capture != null) {
      capture.add(dispatch);
      return;
    }
    long pool = calls.push();
    try {
      encode(dispatch, null);
    } finally {
      calls.pop(pool);
    }
  }

  /** Adds launches that were recorded. */
  void launch(MetalDispatch[] dispatches) {
    long pool = calls.push();
    try {
      MetalDispatch before = null;
      for (MetalDispatch dispatch : dispatches) {
        encode(dispatch, before);
        before = dispatch;
      }
    } finally {
      calls.pop(pool);
    }
  }

  private void encode(MetalDispatch dispatch, MetalDispatch before) {
    boolean fresh = encoder == 0;
    if (fresh) {
      start();
    }
    dispatch.encode(calls, encoder, fresh ? null : before);
    launches++;
    if (launches == BATCH) {
      commit();
    }
  }

  /** A command buffer outlives the pool of the launch that starts it. */
  private void start() {
    if (inFlight == IN_FLIGHT) {
      await();
    }
    long started = calls.commandBuffer(queue);
    if (started == 0) {
      throw new KernelException("Metal gave no command buffer");
    }
    long opened = calls.encoder(started);
    if (opened == 0) {
      throw new KernelException("Metal gave no command encoder");
    }
    calls.retain(started);
    calls.retain(opened);
    commands = started;
    encoder = opened;
  }

  private void commit() {
    calls.endEncoding(encoder);
    calls.release(encoder);
    calls.commit(commands);
    committed[inFlight] = commands;
    inFlight++;
    commands = 0;
    encoder = 0;
    launches = 0;
  }

  /** Waits for what was committed; all of it is given back, the first failure kept. */
  private void drain() {
    for (int i = 0; i < inFlight; i++) {
      calls.await(committed[i]);
      if (calls.status(committed[i]) == MetalCalls.COMPLETED) {
        nanos += calls.gpuNanos(committed[i]);
      } else if (failure == null) {
        failure = calls.failure(committed[i]);
      }
      calls.release(committed[i]);
    }
    inFlight = 0;
  }

  /** Waits for what was committed; throws what failed since the last time. */
  private void await() {
    drain();
    if (failure != null) {
      String told = failure;
      failure = null;
      throw new KernelException("the GPU did not finish its work: " + told);
    }
  }

  /** Waits for all launches, for memory that goes away; the next wait tells what failed. Called by any thread, also after closing. */
  void finishQuietly() {
    exclusively(() -> {
      long pool = calls.push();
      try {
        if (encoder != 0) {
          commit();
        }
        drain();
      } finally {
        calls.pop(pool);
      }
    });
  }

  @Override
  public long deviceNanos() {
    return nanos;
  }

  private void finish() {
    long pool = calls.push();
    try {
      if (encoder != 0) {
        commit();
      }
      await();
    } finally {
      calls.pop(pool);
    }
  }

  private void checkFaults() {
    MemorySegment words = faultWords.contents();
    int code = words.get(JAVA_INT, 0);
    if (code != 0) {
      IndexOutOfBoundsException fault = Fault.of(code, words.get(JAVA_INT, 4), words.get(JAVA_INT, 8), words.get(JAVA_INT, 12));
      words.fill((byte) 0);
      throw fault;
    }
  }

  @Override
  public boolean captures() {
    return true;
  }

  @Override
  protected void startCapture() {
    capture = new MetalRecording(this);
  }

  @Override
  protected Captured endCapture() {
    MetalRecording done = capture.finish();
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
    pinned.forEach(device::giveBack);
    pinned.clear();
  }

  @Override
  public void sync() {
    begin();
    try {
      requireNotRecording("a wait");
      finish();
      checkFaults();
    } finally {
      end();
    }
  }

  @Override
  public void copy(Buffer from, Buffer to) {
    if (from.byteSize() != to.byteSize()) {
      throw new IllegalArgumentException("copy of " + from.byteSize() + " bytes to " + to.byteSize());
    }
    boolean down = isOutside(to);
    if (isOutside(from) && down) {
      throw new IllegalArgumentException("neither buffer is on " + device.info().name());
    }
    begin();
    try {
      MemorySegment source = bytes(from);
      MemorySegment target = bytes(to);
      requireNotRecording("a transfer, or a copy on the device, which is the processor's work here,");
      finish();
      MemorySegment.copy(source, 0, target, 0, source.byteSize());
      if (down) {
        checkFaults();
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

  private static MemorySegment bytes(Buffer buffer) {
    if (!buffer.isOpen()) {
      throw new IllegalStateException("the buffer is closed: " + buffer);
    }
    return buffer.memory() instanceof MetalMemory memory
        ? memory.contents().asSlice(buffer.byteOffset(), buffer.byteSize())
        : buffer.segment();
  }

  @Override
  protected void release() {
    try {
      finish();
      checkFaults();
    } finally {
      device.forget(this);
      scratch.addAll(pinned);
      scratch.stream().filter(memory -> memory != null).forEach(device::giveBack);
      device.giveBack(faultWords);
      calls.release(queue);
      arguments.close();
    }
  }
}
