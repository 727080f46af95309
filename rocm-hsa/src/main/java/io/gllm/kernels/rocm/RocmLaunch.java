package io.gllm.kernels.rocm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A kernel with its arguments, laid out as it reads them: the buffers' addresses, then all 32-bit values. Each launch copies them into
 * memory of its own, since it runs later.
 */
final class RocmLaunch extends Launch {
  private final RocmDevice device;
  private final RocmQueue queue;
  private final MemorySegment arguments;
  private final int bytes;
  private final int values;
  private RocmKernel code;

  RocmLaunch(RocmDevice device, RocmQueue queue, KernelInterface kernel, Arena arena) {
    super(kernel);
    this.device = device;
    this.queue = queue;
    this.bytes = argumentBytes(kernel);
    this.values = kernel.buffers().size() * Long.BYTES;
    this.arguments = arena.allocate((bytes + 7) & -8, Long.BYTES);
  }

  /** Bytes of the arguments of a kernel. */
  static int argumentBytes(KernelInterface kernel) {
    return kernel.buffers().size() * Long.BYTES + kernel.parameters().size() * Integer.BYTES;
  }

  @Override
  protected void bind(int index, DeviceMemory memory, long offset, long bytes) {
    if (memory.device() != device) {
      throw new IllegalArgumentException("buffer " + index + " of " + kernel().symbol() + " is not on " + device.info().name());
    }
    if (!memory.isOpen()) {
      throw new IllegalStateException("buffer " + index + " of " + kernel().symbol() + " is closed");
    }
    if (offset < 0 || offset > memory.byteSize() + RocmDevice.PADDING - bytes) {
      throw new KernelException(
          "buffer " + index + " of " + kernel().symbol() + ": " + bytes + " bytes at " + offset + " leave " + memory.byteSize());
    }
    arguments.setAtIndex(JAVA_LONG, index, memory.address() + offset);
  }

  @Override
  protected void set(int index, int bits) {
    arguments.set(JAVA_INT, values + (long) index * Integer.BYTES, bits);
  }

  @Override
  protected void run(int x, int y, int z) {
    RocmKernel kernel = code;
    if (kernel == null) {
      queue.requireNotRecording("the first launch of " + kernel().symbol() + ", which loads its code,");
      kernel = device.modules().load(kernel());
      code = kernel;
    }
    queue.launch(kernel, x, y, z, kernel().threads(), arguments, bytes);
  }
}
