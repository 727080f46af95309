package io.gllm.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Scratch memory of a queue. Kernels of a queue run one at a time, so they share it; contents do not survive a call. It
 * grows when a larger shape comes, and is otherwise reused, so that steady work allocates nothing. 64-byte aligned.
 */
public final class Scratch implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  private Arena arena;
  private MemorySegment segment = MemorySegment.NULL;

  /** For a queue. */
  Scratch() {}

  /** At least {@code bytes} bytes. */
  public MemorySegment require(long bytes) {
    if (segment.byteSize() < bytes) {
      grow(bytes);
    }
    return segment;
  }

  private void grow(long bytes) {
    close();
    arena = Arena.ofShared();
    segment = arena.allocate(bytes + bytes / 4 + ALIGNMENT, ALIGNMENT);
  }

  @Override
  public void close() {
    if (arena != null) {
      arena.close();
      arena = null;
      segment = MemorySegment.NULL;
    }
  }
}
