package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.spi.DeviceMemory;
import java.util.List;

/** Notes what would be prepared. */
record ListingLauncher(List<String> symbols) implements Launcher {
  @Override
  public Launch prepare(String symbol) {
    if (!symbols.contains(symbol)) {
      symbols.add(symbol);
    }
    return new Launch(new KernelInterface(symbol, 0, 0, 1, 0, List.of(), List.of())) {
      @Override
      protected void bind(int index, DeviceMemory memory, long offset, long bytes) {
        throw new IllegalStateException("a listing launches nothing");
      }

      @Override
      protected void set(int index, int bits) {
        throw new IllegalStateException("a listing launches nothing");
      }

      @Override
      protected void run(int x, int y, int z) {
        throw new IllegalStateException("a listing launches nothing");
      }
    };
  }

  @Override
  public long windowBytes() {
    return 1 << 20;
  }

  @Override
  public Buffer scratch(int number, long bytes) {
    throw new IllegalStateException("a listing has no memory");
  }

  @Override
  public Buffer faults() {
    throw new IllegalStateException("a listing has no memory");
  }

  @Override
  public void copy(Buffer from, Buffer to) {
    throw new IllegalStateException("a listing has no memory");
  }

  @Override
  public void sync() {}

  @Override
  public SelfTest selfTest() {
    throw new IllegalStateException("a listing launches nothing");
  }
}
