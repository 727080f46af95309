package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import java.util.ArrayList;
import java.util.List;

/** Device memory that is given back together. */
final class OwnedBuffers implements AutoCloseable {
  private final KernelDispatcher kernels;
  private final List<Buffer> buffers = new ArrayList<>();

  OwnedBuffers(KernelDispatcher kernels) {
    this.kernels = kernels;
  }

  Buffer allocate(ElementType type, long length) {
    return keep(kernels.allocate(type, length));
  }

  Buffer keep(Buffer buffer) {
    buffers.add(buffer);
    return buffer;
  }

  @Override
  public void close() {
    buffers.forEach(Buffer::close);
    buffers.clear();
  }
}
