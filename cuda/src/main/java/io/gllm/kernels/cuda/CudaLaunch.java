package io.gllm.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;

/**
 * A kernel with its arguments in native memory, in the form the driver takes: an array of pointers, one to each parameter of the
 * kernel, which are the buffers' addresses and one structure of all 32-bit values. The driver copies them when it is called.
 */
final class CudaLaunch extends Launch {
  private final CudaDevice device;
  private final CudaQueue queue;
  private final CudaCalls calls;
  private final CUstream stream;
  private final MemorySegment addresses;
  private final MemorySegment values;
  private final Pointer pointers;
  private CUfunction function;

  CudaLaunch(CudaDevice device, CudaQueue queue, CUstream stream, KernelInterface kernel, Arena arena) {
    super(kernel);
    this.device = device;
    this.queue = queue;
    this.calls = device.calls();
    this.stream = stream;
    int buffers = kernel.buffers().size();
    this.addresses = arena.allocate(JAVA_LONG, buffers + 1);
    this.values = arena.allocate(JAVA_INT, kernel.parameters().size() + 1); // one more, so that none is empty
    MemorySegment array = arena.allocate(JAVA_LONG, buffers + 1);
    for (int i = 0; i < buffers; i++) {
      array.setAtIndex(JAVA_LONG, i, addresses.address() + i * JAVA_LONG.byteSize());
    }
    array.setAtIndex(JAVA_LONG, buffers, values.address());
    this.pointers = Pointer.to(array.asByteBuffer());
  }

  @Override
  protected void bind(int index, DeviceMemory memory, long offset, long bytes) {
    if (memory.device() != device) {
      throw new IllegalArgumentException("buffer " + index + " of " + kernel().symbol() + " is not on " + device.info().name());
    }
    if (!memory.isOpen()) {
      throw new IllegalStateException("buffer " + index + " of " + kernel().symbol() + " is closed");
    }
    if (offset < 0 || offset > memory.byteSize() + CudaDevice.PADDING - bytes) {
      throw new KernelException(
          "buffer " + index + " of " + kernel().symbol() + ": " + bytes + " bytes at " + offset + " leave " + memory.byteSize());
    }
    addresses.setAtIndex(JAVA_LONG, index, memory.address() + offset);
  }

  @Override
  protected void set(int index, int bits) {
    values.setAtIndex(JAVA_INT, index, bits);
  }

  @Override
  protected void run(int x, int y, int z) {
    device.context().enter();
    CUfunction code = function;
    if (code == null) {
      queue.requireNotRecording("the first launch of " + kernel().symbol() + ", which loads its code,");
      code = device.modules().function(kernel());
      function = code;
    }
    calls.launch(code, x, y, z, kernel().threads(), stream, pointers);
  }
}
