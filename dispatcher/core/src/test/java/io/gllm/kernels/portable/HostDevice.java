package io.gllm.kernels.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.portable.Fault;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.PortableTable;
import io.gllm.kernels.api.portable.SelfTest;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * A device that runs the portable kernels in their checked host build, and whose memory the host cannot see.
 *
 * @param library the kernels
 * @param order the order in which a group's threads run: 0 forwards, 1 backwards, above that pseudo-random
 * @param window the most bytes of a binding
 * @param recorder told about each launch, or null
 * @param selfTest what is known about the kernels
 * @param inUse bytes allocated
 */
record HostDevice(HostLibrary library, int order, long window, Recorder recorder, SelfTest selfTest, AtomicLong inUse) implements Device {
  /** A small window, in which most operands take several launches; the widest rows of the suite, of 32003 numbers, just fit. */
  static final long SMALL_WINDOW = 126 << 10;

  /** Notes launches with all that they read and write. */
  interface Recorder {
    void launched(KernelInterface kernel, int[] grid, int[] parameters, List<byte[]> before, List<byte[]> after);
  }

  HostDevice(HostLibrary library, int order, long window) {
    this(library, order, window, null, SelfTest.trusting(), new AtomicLong());
  }

  /** One that tests each kernel before its first use, as devices of users do. */
  static HostDevice testing(HostLibrary library) {
    return new HostDevice(library, 0, 128 << 20, null, new SelfTest(), new AtomicLong());
  }

  static HostDevice recording(HostLibrary library, long window, Recorder recorder) {
    return new HostDevice(library, 0, window, recorder, SelfTest.trusting(), new AtomicLong());
  }

  @Override
  public DeviceInfo info() {
    return new DeviceInfo("host", 0, "checked host build, thread order " + order, true, -1, List.of(), List.of());
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
    return inUse.get();
  }

  @Override
  public Queue openQueue(Numerics numerics) {
    return new HostQueue();
  }

  @Override
  public List<Candidate> explain(Op<?> op, ElementType type, Numerics numerics) {
    return PortableTable.symbols(op, type).stream().map(symbol -> new Candidate(symbol, true, "the portable kernel")).toList();
  }

  @Override
  public void close() {}

  private final class Memory extends DeviceMemory {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes;
    private final long size;
    private boolean open = true;

    Memory(long size) {
      this.size = size;
      this.bytes = arena.allocate(size + 16, 64);
      inUse.addAndGet(size);
    }

    @Override
    public Device device() {
      return HostDevice.this;
    }

    @Override
    public long byteSize() {
      return size;
    }

    @Override
    public long address() {
      return bytes.address();
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
        inUse.addAndGet(-size);
        arena.close();
      }
    }
  }

  private final class HostQueue extends Queue implements Launcher {
    private final Map<Integer, Buffer> scratch = new HashMap<>();
    private final Buffer faults = Buffer.owning(allocate(16), DType.I32, 4);

    @Override
    public <K> K kernel(Op<K> op, ElementType type) {
      return PortableTable.kernel(this, op, type);
    }

    @Override
    public Launch prepare(String symbol) {
      return new HostLaunch(library.kernel(symbol));
    }

    @Override
    public long windowBytes() {
      return window;
    }

    @Override
    public Buffer scratch(int number, long bytes) {
      Buffer old = scratch.get(number);
      if (old == null || old.length() < bytes) {
        if (old != null) {
          old.close();
        }
        scratch.put(number, Buffer.owning(allocate(bytes), DType.I8, bytes));
      }
      return scratch.get(number);
    }

    @Override
    public Buffer faults() {
      return faults;
    }

    @Override
    public SelfTest selfTest() {
      return selfTest;
    }

    @Override
    public void copy(Buffer from, Buffer to) {
      bytes(to).copyFrom(bytes(from));
    }

    private static MemorySegment bytes(Buffer buffer) {
      MemorySegment all = buffer.memory() instanceof Memory memory ? memory.bytes : buffer.memory().segment();
      return all.asSlice(buffer.byteOffset(), buffer.byteSize());
    }

    @Override
    public void sync() {
      MemorySegment words = bytes(faults);
      int[] fault = words.toArray(ValueLayout.JAVA_INT);
      words.fill((byte) 0);
      IndexOutOfBoundsException failure = Fault.of(fault[0], fault[1], fault[2], fault[3]);
      if (failure != null) {
        throw failure;
      }
    }

    @Override
    protected void release() {
      scratch.values().forEach(Buffer::close);
      faults.close();
    }
  }

  private final class HostLaunch extends Launch {
    private final MemorySegment name;
    private final MemorySegment grid = Arena.ofAuto().allocate(12, 4);
    private final MemorySegment words = Arena.ofAuto().allocate(8 * KernelInterface.MAX_BUFFERS, 8);
    private final MemorySegment counts = Arena.ofAuto().allocate(8 * KernelInterface.MAX_BUFFERS, 8);
    private final MemorySegment parameters = Arena.ofAuto().allocate(4 * KernelInterface.MAX_PARAMETERS, 4);

    HostLaunch(KernelInterface kernel) {
      super(kernel);
      name = Arena.ofAuto().allocateFrom(kernel.symbol());
    }

    @Override
    protected void bind(int index, DeviceMemory memory, long offset, long bytes) {
      if (bytes > window) {
        throw new KernelException(kernel().symbol() + " buffer " + index + " spans " + bytes + " bytes, the window is " + window);
      }
      words.setAtIndex(ValueLayout.JAVA_LONG, index, ((Memory) memory).bytes.asSlice(offset, bytes).address());
      counts.setAtIndex(ValueLayout.JAVA_LONG, index, bytes / 4);
    }

    @Override
    protected void set(int index, int bits) {
      parameters.setAtIndex(ValueLayout.JAVA_INT, index, bits);
    }

    @Override
    protected void run(int x, int y, int z) {
      grid.setAtIndex(ValueLayout.JAVA_INT, 0, x);
      grid.setAtIndex(ValueLayout.JAVA_INT, 1, y);
      grid.setAtIndex(ValueLayout.JAVA_INT, 2, z);
      List<byte[]> before = recorder == null ? null : contents();
      String error = library.launch(name, grid, words, counts, kernel().buffers().size(), parameters, order);
      if (error != null) {
        throw new KernelException(kernel().symbol() + ": " + error);
      }
      if (recorder != null) {
        int[] values = parameters.asSlice(0, 4L * kernel().parameters().size()).toArray(ValueLayout.JAVA_INT);
        recorder.launched(kernel(), new int[]{x, y, z}, values, before, contents());
      }
    }

    private List<byte[]> contents() {
      return IntStream.range(0, kernel().buffers().size()).mapToObj(i -> {
        long bytes = counts.getAtIndex(ValueLayout.JAVA_LONG, i) * 4;
        return MemorySegment.ofAddress(words.getAtIndex(ValueLayout.JAVA_LONG, i)).reinterpret(bytes).toArray(ValueLayout.JAVA_BYTE);
      }).toList();
    }
  }
}
