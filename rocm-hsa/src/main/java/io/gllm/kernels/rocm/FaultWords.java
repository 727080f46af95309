package io.gllm.kernels.rocm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.portable.Fault;
import java.lang.foreign.MemorySegment;

/** The four words in which kernels report an index outside its range: in host memory, so that looking costs no copy. */
final class FaultWords {
  private static final int BYTES = 4 * Integer.BYTES;

  private final HsaCalls calls;
  private final MemorySegment words;
  private final Buffer buffer;

  private FaultWords(HsaCalls calls, MemorySegment words, Buffer buffer) {
    this.calls = calls;
    this.words = words;
    this.buffer = buffer;
  }

  static FaultWords open(RocmDevice device) {
    HsaCalls calls = device.calls();
    long address = HostBlock.allocate(calls, device.gpu(), device.gpu().shared(), BYTES + RocmDevice.PADDING);
    MemorySegment words = HsaCalls.MEMORY.asSlice(address, BYTES + RocmDevice.PADDING).fill((byte) 0);
    RocmMemory memory = new RocmMemory(device, address, BYTES);
    return new FaultWords(calls, words, Buffer.owning(memory, DType.I32, BYTES / Integer.BYTES));
  }

  Buffer buffer() {
    return buffer;
  }

  /** Throws what the kernels reported, once; the queue has been waited for. */
  void check() {
    int code = words.get(JAVA_INT, 0);
    if (code != 0) {
      IndexOutOfBoundsException fault = Fault.of(code, words.get(JAVA_INT, 4), words.get(JAVA_INT, 8), words.get(JAVA_INT, 12));
      words.fill((byte) 0);
      throw fault;
    }
  }

  void close(Closing closing) {
    closing.step(() -> calls.free(words.address()));
  }
}
