package io.gllm.kernels.rocm;

import java.util.ArrayList;
import java.util.List;

/**
 * Memory for the arguments of launches that have not run yet: some chunks, used in turn. When a chunk is full, a packet tells when its
 * launches are done, and only then it is used again. For one thread at a time.
 */
final class ArgumentRing {
  /** Bytes of a chunk: hundreds of launches, so that the packet between them costs nothing. */
  static final int CHUNK = 64 << 10;
  private static final int CHUNKS = 4;
  /** Kernels may read beyond their arguments to the end of a cache line. */
  private static final int LINE = 64;

  private final HsaCalls calls;
  private final PacketQueue packets;
  private final long memory;
  private final List<Completion> done = new ArrayList<>();
  private int chunk;
  private int used;

  private ArgumentRing(HsaCalls calls, PacketQueue packets, long memory) {
    this.calls = calls;
    this.packets = packets;
    this.memory = memory;
  }

  static ArgumentRing open(HsaCalls calls, RocmGpu gpu, PacketQueue packets) {
    ArgumentRing ring = new ArgumentRing(calls, packets, HostBlock.allocate(calls, gpu, gpu.arguments(), CHUNKS * CHUNK));
    try {
      while (ring.done.size() < CHUNKS) {
        ring.done.add(new Completion(calls, packets));
      }
      return ring;
    } catch (RuntimeException e) {
      ring.close(new Closing(calls));
      throw e;
    }
  }

  /** Bytes of whole lines for arguments. */
  static int lines(int bytes) {
    return (bytes + LINE - 1) & -LINE;
  }

  /** The address of {@code bytes} for the next launch. Allocates nothing. */
  long take(int bytes) {
    int rounded = lines(bytes);
    if (used + rounded > CHUNK) {
      packets.barrier(0, done.get(chunk).arm());
      chunk = (chunk + 1) % CHUNKS;
      used = 0;
      done.get(chunk).reset();
    }
    long address = memory + (long) chunk * CHUNK + used;
    used += rounded;
    return address;
  }

  void close(Closing closing) {
    done.forEach(signal -> signal.close(closing));
    closing.step(() -> calls.free(memory));
  }
}
