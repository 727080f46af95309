package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.PortableTable;
import io.gllm.kernels.api.portable.SelfTest;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.Queue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Records launches and copies, and waits for them. */
final class VulkanQueue extends Queue implements Launcher {
  private static final long WINDOW_GRANULE = 64 << 10;
  private static final long SCRATCH_GRANULE = 64 << 10;

  private final VulkanDevice device;
  private final LogicalDevice logical;
  private final VulkanPipelines pipelines;
  private final Recorder recorder;
  private final FaultWords faults;
  private final long windowBytes;
  private final Teardown teardown = new Teardown();
  private final List<Buffer> pinned = new ArrayList<>();
  private Staging staging;
  private Buffer[] scratch = new Buffer[0];
  private RecordedCommands capture;

  /**
   * Opens a queue.
   *
   * @throws io.gllm.kernels.api.KernelException if the driver refuses
   */
  VulkanQueue(VulkanDevice device, LogicalDevice logical, Timeline timeline, VulkanPipelines pipelines, VulkanHeap heap) {
    this.device = device;
    this.logical = logical;
    this.pipelines = pipelines;
    // A descriptor starts at an aligned byte before its buffer, so a window is shorter than what can be bound.
    this.windowBytes = logical.limits().bindingBytes() - logical.limits().bindingAlignment() & -WINDOW_GRANULE;
    this.faults = new FaultWords(device, logical, heap);
    teardown.add(faults::close);
    try {
      this.recorder = new Recorder(logical, timeline, pipelines, true);
    } catch (RuntimeException e) {
      throw teardown.after(e);
    }
  }

  VulkanDevice device() {
    return device;
  }

  @Override
  public <K> K kernel(Op<K> op, ElementType type) {
    return PortableTable.kernel(this, op, type);
  }

  @Override
  public Launch prepare(String symbol) {
    return new VulkanLaunch(this, pipelines.kernel(symbol), windowBytes);
  }

  @Override
  public long windowBytes() {
    return windowBytes;
  }

  @Override
  public Buffer scratch(int number, long bytes) {
    if (number >= scratch.length) {
      scratch = Arrays.copyOf(scratch, number + 1);
    }
    Buffer known = scratch[number];
    if (known != null && known.length() >= bytes) {
      return known;
    }
    requireNotRecording("growth of scratch memory");
    scratch[number] = null;
    if (known != null && isPinned()) {
      pinned.add(known); // recordings may refer to it
    } else if (known != null) {
      known.close();
    }
    long size = (bytes + SCRATCH_GRANULE - 1) / SCRATCH_GRANULE * SCRATCH_GRANULE;
    scratch[number] = Buffer.owning(device.allocateUncleared(size), DType.I8, size);
    return scratch[number];
  }

  @Override
  public Buffer faults() {
    return faults.buffer();
  }

  @Override
  public SelfTest selfTest() {
    return device.selfTest();
  }

  void launch(VulkanLaunch launch, int x, int y, int z) {
    recorder.launch(launch, x, y, z);
  }

  /**
   * Copies bytes. A copy to the host waits for everything launched so far.
   *
   * @throws IllegalArgumentException if the sizes differ, or a buffer belongs to another device
   * @throws IllegalStateException if a buffer is closed
   * @throws IndexOutOfBoundsException for a copy to the host, if a kernel has found a fault; the bytes are copied then, too
   */
  @Override
  public void copy(Buffer from, Buffer to) {
    if (from.byteSize() != to.byteSize()) {
      throw new IllegalArgumentException("copy of " + from.byteSize() + " bytes to " + to.byteSize());
    }
    VulkanMemory source = own(from);
    VulkanMemory target = own(to);
    if (from.byteSize() == 0) {
      return;
    }
    boolean inside = source != null && target != null;
    if (!inside) {
      requireNotRecording("a transfer");
    }
    if (inside) {
      copy(source, from, target, to);
    } else if (target != null) {
      staging().upload(from.segment(), target, to.byteOffset());
    } else if (source != null) {
      staging().download(source, from.byteOffset(), to.segment());
      faults.check();
    } else {
      to.segment().copyFrom(from.segment());
    }
  }

  /** The memory if it is this device's, null if it is the host's. */
  private VulkanMemory own(Buffer buffer) {
    if (!buffer.isOpen()) {
      throw new IllegalStateException("copy of a closed buffer: " + buffer);
    }
    DeviceMemory memory = buffer.memory();
    if (memory.device() == device) {
      return (VulkanMemory) memory;
    }
    if (buffer.segment() == null) {
      throw new IllegalArgumentException(buffer + " belongs to another device");
    }
    return null;
  }

  private void copy(VulkanMemory source, Buffer from, VulkanMemory target, Buffer to) {
    long bytes = from.byteSize();
    long start = source.offset() + from.byteOffset();
    long end = target.offset() + to.byteOffset();
    if (!from.overlaps(to)) {
      recorder.copy(source.block().buffer(), start, target.block().buffer(), end, bytes);
    } else if (start != end) { // Vulkan copies only between ranges that do not overlap
      requireNotRecording("a copy between overlapping ranges");
      try (VulkanMemory between = device.allocateUncleared(bytes)) {
        recorder.copy(source.block().buffer(), start, between.block().buffer(), between.offset(), bytes);
        recorder.copy(between.block().buffer(), between.offset(), target.block().buffer(), end, bytes);
      }
    }
  }

  private Staging staging() {
    if (staging == null) {
      staging = new Staging(logical, recorder);
      teardown.add(staging::close);
    }
    return staging;
  }

  /** Submits what is recorded, so that later submissions of other recorders come after it. */
  void flush() {
    recorder.flush();
  }

  @Override
  public void sync() {
    requireNotRecording("a wait");
    recorder.await(recorder.flush());
    faults.check();
  }

  @Override
  public boolean captures() {
    return true;
  }

  @Override
  protected void startCapture() {
    logical.requireAlive();
    capture = new RecordedCommands(recorder, logical, pipelines.setLayout());
    recorder.startCapture(capture);
  }

  @Override
  protected Captured endCapture() {
    recorder.endCapture();
    RecordedCommands done = capture;
    capture = null;
    return done;
  }

  @Override
  protected void dropCapture() {
    if (capture != null) {
      recorder.dropCapture();
      capture.drop();
      capture = null;
    }
  }

  @Override
  protected void endPinning() {
    pinned.forEach(Buffer::close);
    pinned.clear();
  }

  @Override
  protected void release() {
    device.forget(this);
    try {
      recorder.close();
    } finally {
      for (Buffer buffer : scratch) {
        if (buffer != null) {
          teardown.add(buffer::close);
        }
      }
      scratch = new Buffer[0];
      pinned.forEach(buffer -> teardown.add(buffer::close));
      teardown.run();
    }
  }
}
