package io.gllm.kernels.cpu;

import io.gllm.kernels.api.DeviceMemoryException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Scratch memory of a queue. Kernels of a queue run one at a time, so they share it; contents do not survive a call. It
 * grows when a larger shape comes, and is otherwise reused, so that steady work allocates nothing. 64-byte aligned.
 */
public final class Scratch implements AutoCloseable {
  private final MemorySource source;
  private Arena arena;
  private MemorySegment segment = MemorySegment.NULL;

  /** For a queue. */
  Scratch(MemorySource source) {
    this.source = source;
  }

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
    try {
      segment = source.allocate(arena, bytes + bytes / 4 + MemorySource.ALIGNMENT);
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      close();
      throw new DeviceMemoryException(bytes, -1, -1, e);
    }
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
