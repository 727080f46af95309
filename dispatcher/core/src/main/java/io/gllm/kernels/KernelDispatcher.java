package io.gllm.kernels;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every kernel of LLM inference on the best device of this machine.
 *
 * <p>{@link #create()} looks for CUDA, ROCm, Metal, Vulkan and the CPU, in this order, and says what it chose and why. Each operator
 * is one method over {@link Buffer}s: the contract is checked, then the kernel that was bound at start runs. Misuse is an
 * {@link IllegalArgumentException} naming the sizes, or an {@link IllegalStateException} for what is closed. A dispatcher may be
 * used by any thread; its calls run one after the other. {@link #close()} frees the device with all memory.
 */
public final class KernelDispatcher extends ModelOps implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("io.gllm.kernels");

  private final Device device;
  private final SelectionReport report;
  private final Numerics numerics;
  private final boolean strict;
  private final boolean ownsDevice;

  private KernelDispatcher(Device device, SelectionReport report, Numerics numerics, boolean strict, boolean ownsDevice) {
    Queue opened = device.openQueue(numerics);
    super(opened, new Placement(device, opened, strict));
    this.device = device;
    this.report = report;
    this.numerics = numerics;
    this.strict = strict;
    this.ownsDevice = ownsDevice;
  }

  /**
   * A dispatcher on the best device. The system property {@code gllm.backend} may name a backend.
   *
   * @throws io.gllm.kernels.api.BackendUnavailableException if the named backend cannot be used
   */
  public static KernelDispatcher create() {
    return builder().create();
  }

  /** For a dispatcher with a chosen backend, rounding promise or option. */
  public static Builder builder() {
    return new Builder(Detection.installed());
  }

  /** Every backend with its devices, or the reason why it is not used; opens nothing, but asks every driver that is installed. */
  public static List<BackendState> diagnose() {
    return new Detection(Detection.installed(), BackendConfig.DIAGNOSIS).probeAll();
  }

  /**
   * A second dispatcher on the same device, with a queue of its own, that keeps the promise of {@link Numerics#REPRODUCIBLE}: the
   * same bits on every backend and for every batch size. Buffers are shared; packed weights are packed for one of the two.
   */
  public KernelDispatcher reproducible() {
    return new KernelDispatcher(device, report, Numerics.REPRODUCIBLE, strict, false);
  }

  /** A second dispatcher on the same device, with a queue of its own, for use side by side. */
  public KernelDispatcher newQueue() {
    return new KernelDispatcher(device, report, numerics, strict, false);
  }

  /** The device in use. */
  public DeviceInfo device() {
    return device.info();
  }

  /** The promise about rounding. */
  public Numerics numerics() {
    return numerics;
  }

  /** How the device was chosen. */
  public SelectionReport report() {
    return report;
  }

  /** What crossed between host and device. */
  public TransferCounters transfers() {
    return placement.counters();
  }

  /** What was called and replayed. */
  public LaunchCounters launches() {
    return placement.launches();
  }

  /**
   * Whether the backend itself captures recordings, so that a replay is one launch or submission; else it calls each kernel, without the
   * checks of a direct call.
   */
  public boolean capturesRecordings() {
    return queue.captures();
  }

  /**
   * Nanoseconds that the device has worked for this dispatcher, by the device's own clock, for all that was waited for; -1 if the backend
   * does not measure them.
   */
  public long deviceNanos() {
    begin();
    try {
      return queue.deviceNanos();
    } finally {
      end();
    }
  }

  /** Whether kernels read and write host memory in place, so that nothing needs to be uploaded. */
  public boolean usesHostMemory() {
    return device.usesHostMemory();
  }

  /** Bytes of device memory in use by all dispatchers of the device. */
  public long memoryInUse() {
    return device.memoryInUse();
  }

  /** A loop that reaches a limit of the device, for benchmarks, or null if the device has none; see {@link Device#openPeak}. */
  public PeakProbe openPeak(PeakKind kind, long bytes) {
    return device.openPeak(kind, bytes);
  }

  /** Per element type of {@code op}, the kernels that were considered, best first, with the reason for each. */
  public Map<ElementType, List<Candidate>> explain(Op<?> op) {
    Map<ElementType, List<Candidate>> result = new LinkedHashMap<>();
    for (ElementType type : op.types()) {
      result.put(type, device.explain(op, type, numerics));
    }
    return result;
  }

  /**
   * A buffer of {@code length} zeros on the device; close it when it is no longer needed.
   *
   * @throws io.gllm.kernels.api.DeviceMemoryException if the device cannot provide it
   */
  public Buffer allocate(ElementType type, long length) {
    return Buffer.owning(device.allocate(type.bytesFor(length)), type, length);
  }

  /** The numbers as an f32 buffer on the device. */
  public Buffer upload(float... values) {
    Buffer buffer = allocate(DType.F32, values.length);
    write(buffer, MemorySegment.ofArray(values));
    return buffer;
  }

  /** The integers as an i32 buffer on the device. */
  public Buffer upload(int... values) {
    Buffer buffer = allocate(DType.I32, values.length);
    write(buffer, MemorySegment.ofArray(values));
    return buffer;
  }

  /** The bytes of any segment as a buffer on the device. */
  public Buffer upload(MemorySegment values, ElementType type) {
    Buffer buffer = allocate(type, elements(values, type));
    write(buffer, values);
    return buffer;
  }

  /**
   * The bytes of a segment as a buffer on the device: without a copy where a GPU can use the memory as it is, else uploaded. Until the
   * buffer is closed the segment must stay alive and unchanged; one that is read-only may give a buffer that is. Where kernels use host
   * memory in place, {@link Buffer#wrap} needs no copy.
   */
  public Buffer share(MemorySegment values, ElementType type) {
    long length = elements(values, type);
    DeviceMemory shared = usesHostMemory() ? null : device.share(values);
    return shared == null ? upload(values, type) : Buffer.owning(shared, type, length);
  }

  private static long elements(MemorySegment values, ElementType type) {
    if (values.byteSize() % type.blockBytes() != 0) {
      throw new IllegalArgumentException(
          values.byteSize() + " bytes are no whole number of " + type.label() + " blocks of " + type.blockBytes());
    }
    return values.byteSize() / type.blockBytes() * type.blockElements();
  }

  /**
   * Writes all bytes of {@code values}, which may lie on the heap, to the start of a buffer.
   *
   * @throws IllegalArgumentException if they are more than the buffer holds
   */
  public void write(Buffer buffer, MemorySegment values) {
    begin();
    try {
      queue.requireNotRecording("a transfer");
      requireBytes(buffer, values.byteSize());
      requireWritable(buffer);
      if (buffer.segment() != null) {
        MemorySegment.copy(values, 0, buffer.segment(), 0, values.byteSize());
      } else {
        cross(buffer, values, true);
      }
      placement.countToDevice(values.byteSize());
    } finally {
      end();
    }
  }

  /**
   * Waits for the launches before, then reads the first bytes of a buffer into {@code values}, which may lie on the heap.
   *
   * @throws IllegalArgumentException if they are more than the buffer holds
   */
  public void read(Buffer buffer, MemorySegment values) {
    begin();
    try {
      queue.requireNotRecording("a transfer");
      requireBytes(buffer, values.byteSize());
      queue.sync();
      if (buffer.segment() != null) {
        MemorySegment.copy(buffer.segment(), 0, values, 0, values.byteSize());
      } else {
        cross(buffer, values, false);
      }
      placement.countToHost(values.byteSize());
    } finally {
      end();
    }
  }

  /** Waits, then returns element {@code index} of an i32 buffer: how a sampled token comes back. */
  public int readInt(Buffer buffer, long index) {
    Buffer one = buffer.slice(index, 1);
    if (one.segment() == null || one.type() != DType.I32) {
      int[] value = new int[1];
      read(one, MemorySegment.ofArray(value));
      return value[0];
    }
    begin();
    try {
      queue.requireNotRecording("a transfer");
      requireBytes(one, 4);
      queue.sync();
      placement.countToHost(4);
      return one.segment().get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    } finally {
      end();
    }
  }

  /** Waits, then copies a whole f32 buffer into a new array. */
  public float[] readFloats(Buffer buffer) {
    float[] values = new float[Math.toIntExact(buffer.length())];
    read(buffer.slice(0, buffer.length()), MemorySegment.ofArray(values));
    return values;
  }

  private static void requireBytes(Buffer buffer, long bytes) {
    if (!buffer.isOpen()) {
      throw new IllegalStateException("the buffer is closed");
    }
    if (bytes > buffer.byteSize()) {
      throw new IllegalArgumentException(bytes + " bytes do not fit " + buffer + " of " + buffer.byteSize());
    }
  }

  /** Between heap or host memory and memory that the host cannot see. */
  private void cross(Buffer buffer, MemorySegment values, boolean toDevice) {
    try (Arena arena = Arena.ofConfined()) {
      boolean onHeap = !values.isNative();
      MemorySegment host = onHeap ? arena.allocate(values.byteSize(), 64) : values;
      Buffer there = buffer.as(DType.I8).slice(0, values.byteSize());
      if (toDevice) {
        if (onHeap) {
          host.copyFrom(values);
        }
        queue.copy(Buffer.wrap(host, DType.I8), there);
        queue.sync();
      } else {
        queue.copy(there, Buffer.wrap(host, DType.I8));
        queue.sync();
        if (onHeap) {
          values.copyFrom(host);
        }
      }
    }
  }

  /**
   * Packs a weight matrix for {@code gemm_prepacked}, {@code gemm_bt} or {@code quant_matmul}: B[k,n], or B[n,k] if transposed, which
   * quantised weights always are. The result is a new buffer of this device.
   */
  public Buffer packWeights(Buffer b, long n, long k, boolean transposed) {
    PackB.check(b, n, k, transposed);
    PackB.Kernel kernel = bound.packB[type(b)];
    Buffer packed = Buffer.packed(device.allocate(kernel.packedBytes(n, k)), b.type(), n, k);
    boolean done = false;
    try {
      pack(kernel, b, packed, n, k, transposed);
      done = true;
    } finally {
      if (!done) {
        packed.close(); // outside the queue's lock: closing waits for every queue of the device
      }
    }
    return packed;
  }

  private void pack(PackB.Kernel kernel, Buffer b, Buffer packed, long n, long k, boolean transposed) {
    begin();
    try {
      queue.requireNotRecording("packing of weights");
      PackB.check(b, packed, n, k, transposed);
      kernel.run(in(b), packed, n, k, transposed);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Waits until everything launched so far has finished. */
  public void sync() {
    begin();
    try {
      queue.requireNotRecording("a wait");
      queue.sync();
    } finally {
      end();
    }
  }

  /**
   * Captures the operators that {@code calls} calls on this dispatcher, instead of running them, for launching all of them again at
   * little cost. Make the same calls once before: that compiles and tests their kernels, and gives them the scratch memory that they
   * need. Sizes and numbers are fixed, see {@link Recording}. The recording lives until it or the dispatcher is closed.
   *
   * @throws IllegalStateException if {@code calls} transfers, waits, packs weights, replays or records, uses another dispatcher or
   *     an operand on the host that would have to be copied, needs more scratch memory, or closes a buffer that it uses
   */
  public Recording record(Runnable calls) {
    begin();
    try {
      queue.requireNotRecording("a recording");
      BoundCalls list = queue.captures() ? null : new BoundCalls();
      if (list != null) {
        kernels = new KernelTable(new KernelTable.Source() {
          @Override
          public <K> K kernel(Op<K> op, ElementType type) {
            return list.kernel(queue, op, type);
          }
        });
      }
      return finish(list, calls);
    } finally {
      kernels = bound;
      end();
    }
  }

  private Recording finish(BoundCalls list, Runnable calls) {
    Queue.Captured captured;
    DeviceMemory[] memories;
    placement.startRecording();
    try {
      captured = queue.record(list, calls);
    } finally {
      memories = placement.finishRecording();
    }
    if (list != null) {
      list.finish();
    }
    try {
      Recording.requireOpen(memories);
    } catch (IllegalStateException e) {
      queue.discard(captured);
      throw e;
    }
    return new Recording(queue, placement, captured, memories);
  }

  /** Ends this dispatcher; the one that was created also closes the device, with the memory of all. Closing twice is harmless. */
  @Override
  public void close() {
    queue.close();
    if (ownsDevice) {
      device.close();
    }
  }

  /** Settings of a dispatcher; all optional. */
  public static final class Builder {
    private final Map<String, BackendProvider> providers;
    private final Map<String, String> options = new HashMap<>();
    private String backend = System.getProperty("gllm.backend");
    private Numerics numerics = Numerics.FAST;
    private boolean strict;

    Builder(Map<String, BackendProvider> providers) {
      this.providers = providers;
    }

    /** Uses this backend or fails: {@code cuda}, {@code rocm}, {@code metal}, {@code vulkan} or {@code cpu}; null chooses. */
    public Builder backend(String name) {
      this.backend = name;
      return this;
    }

    /** The promise about rounding; {@link Numerics#FAST} by default. */
    public Builder numerics(Numerics promise) {
      this.numerics = promise;
      return this;
    }

    /** Refuses host buffers on a device that would have to copy them for each call, instead of copying and counting. */
    public Builder strict() {
      this.strict = true;
      return this;
    }

    /** An option of a backend, for example {@code cpu.threads} or {@code cpu.tier}. */
    public Builder option(String key, String value) {
      options.put(key, value);
      return this;
    }

    /**
     * Opens the device without a dispatcher, for conformance suites and benchmarks; the caller closes it.
     *
     * @throws io.gllm.kernels.api.BackendUnavailableException if the named backend cannot be used
     */
    public Device openDevice() {
      return choose().device();
    }

    private Detection.Choice choose() {
      return new Detection(providers, new BackendConfig(options)).choose(backend);
    }

    /**
     * Opens the device.
     *
     * @throws io.gllm.kernels.api.BackendUnavailableException if the named backend cannot be used
     * @throws IllegalArgumentException if an option has no such value
     */
    public KernelDispatcher create() {
      Detection.Choice choice = choose();
      LOG.log(System.Logger.Level.INFO, () -> choice.report().summary());
      try {
        return new KernelDispatcher(choice.device(), choice.report(), numerics, strict, true);
      } catch (KernelException e) {
        choice.device().close();
        throw e;
      }
    }
  }
}
