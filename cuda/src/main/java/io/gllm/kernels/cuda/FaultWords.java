package io.gllm.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.portable.Fault;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;

/** The four words in which kernels report an index outside its range: in pinned host memory, so that looking costs no copy. */
final class FaultWords {
  private static final int BYTES = 4 * Integer.BYTES;

  private final CudaCalls calls;
  private final Pointer host;
  private final MemorySegment words;
  private final Buffer buffer;

  private FaultWords(CudaCalls calls, Pointer host, MemorySegment words, Buffer buffer) {
    this.calls = calls;
    this.host = host;
    this.words = words;
    this.buffer = buffer;
  }

  static FaultWords open(CudaDevice device) {
    CudaCalls calls = device.calls();
    Pointer host = calls.allocateHost(BYTES + CudaDevice.PADDING);
    try {
      MemorySegment words = Staging.segment(host, BYTES + CudaDevice.PADDING).fill((byte) 0);
      CudaMemory memory = new CudaMemory(device, calls.deviceAddress(host), BYTES);
      return new FaultWords(calls, host, words, Buffer.owning(memory, DType.I32, BYTES / Integer.BYTES));
    } catch (RuntimeException e) {
      new Closing(calls).step(() -> calls.freeHost(host));
      throw e;
    }
  }

  Buffer buffer() {
    return buffer;
  }

  /** Throws what the kernels reported, once; the stream has been waited for. */
  void check() {
    int code = words.get(JAVA_INT, 0);
    if (code != 0) {
      IndexOutOfBoundsException fault = Fault.of(code, words.get(JAVA_INT, 4), words.get(JAVA_INT, 8), words.get(JAVA_INT, 12));
      words.fill((byte) 0);
      throw fault;
    }
  }

  void close(Closing closing) {
    closing.step(() -> calls.freeHost(host));
  }
}
