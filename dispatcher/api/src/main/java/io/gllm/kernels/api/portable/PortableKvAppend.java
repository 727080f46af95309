package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.KvAppend;

/** New rows into their slots (kv_append.gk), in windows of rows and of slots; caches may start in the middle of a word. */
final class PortableKvAppend implements KvAppend.Kernel {
  private final Launcher launcher;
  private final Windows windows;
  private final Launch launch;

  PortableKvAppend(Launcher launcher, ElementType type) {
    this.launcher = launcher;
    windows = new Windows(launcher);
    launch = launcher.prepare("kv_append_" + type.label());
  }

  @Override
  public void run(Buffer k, Buffer v, Buffer slots, Buffer kCache, Buffer vCache, long tokens, long kvDim) {
    long capacity = Math.min(kCache.length() / kvDim, 1L << 31);
    long tokensAtOnce = windows.rows(kvDim * 4);
    long slotsAtOnce = windows.rows("kv_dim", kvDim * kCache.type().blockBytes());
    windows.whole("the list of slots", tokens * 4);
    for (long token = 0; token < tokens; token += tokensAtOnce) {
      long count = Math.min(tokensAtOnce, tokens - token);
      long slot = 0;
      do {
        long slotCount = Math.min(slotsAtOnce, capacity - slot);
        launch.part(k, token * kvDim, count * kvDim).part(v, token * kvDim, count * kvDim).buffer(slots, tokens);
        long kOdd = part(kCache, slot * kvDim, slotCount * kvDim);
        long vOdd = part(vCache, slot * kvDim, slotCount * kvDim);
        launch.buffer(launcher.faults()).value(tokens).value(capacity).value(token).value(count).value(slot).value(slotCount);
        launch.value(kvDim).value(kOdd).value(vOdd).groups(count);
        slot += slotsAtOnce;
      } while (slot < capacity);
    }
  }

  /** Hands on a part of a cache; 1 if it starts in the middle of a word. */
  private long part(Buffer cache, long from, long elements) {
    int bytes = cache.type().blockBytes();
    long start = cache.byteOffset() + from * bytes;
    long odd = start / 2 & (bytes == 4 ? 0 : 1);
    launch.words(cache.memory(), start - odd * bytes, ((elements + odd) * bytes + 3) / 4);
    return odd;
  }
}
