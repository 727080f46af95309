package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.PagedShape;

/** Tokens of a sequence side by side in scratch memory (paged_gather.gk): for caches that exceed what a launch can see of a buffer. */
final class PagedGather {
  private static final int GROUP = 128;

  private final Launcher launcher;
  private final Windows windows;
  private final Launch launch;

  PagedGather(Launcher launcher) {
    this.launcher = launcher;
    windows = new Windows(launcher);
    launch = launcher.prepare("paged_gather");
  }

  /**
   * The most tokens that fit into a window, in whole tiles.
   *
   * @throws IllegalArgumentException if a tile or a block does not fit
   */
  long keysAtOnce(Buffer cache, PagedShape shape) {
    long token = words(cache, shape) * 4;
    long tokens = launcher.windowBytes() / token / AttentionSpans.TILE * AttentionSpans.TILE;
    windows.whole("a page, or 16 tokens,", Math.max(shape.page(), AttentionSpans.TILE) * token);
    return tokens;
  }

  /** Gathers tokens {@code first} to {@code first + tokens} of a sequence, as far as it has them, into scratch memory. */
  Buffer run(int number, Buffer cache, Buffer table, Buffer checked, PagedShape shape, long sequence, long first, long tokens) {
    long words = words(cache, shape);
    Buffer gathered = launcher.scratch(number, tokens * words * 4);
    long blockElements = (long) shape.page() * shape.kvHeads() * shape.headDim();
    long blocks = cache.length() / blockElements;
    long atOnce = launcher.windowBytes() / (shape.page() * words * 4);
    for (long block = 0; block < blocks; block += atOnce) {
      long count = Math.min(atOnce, blocks - block);
      launch.part(cache, block * blockElements, count * blockElements);
      launch.buffer(table, (long) shape.sequences() * shape.tableColumns());
      launch.words(checked.memory(), checked.byteOffset(), shape.sequences() * 5L);
      hand(launch, gathered, cache, shape, tokens);
      launch.value(sequence).value(shape.tableColumns()).value(shape.page()).value(first).value(tokens).value(words);
      launch.value(block).value(count).groups((tokens * words + GROUP - 1) / GROUP);
    }
    return gathered;
  }

  /** Hands on so many gathered tokens. */
  Launch hand(Launch to, Buffer gathered, Buffer cache, PagedShape shape, long tokens) {
    return to.words(gathered.memory(), gathered.byteOffset(), tokens * words(cache, shape));
  }

  /** Words of a token. */
  private static long words(Buffer cache, PagedShape shape) {
    return (long) shape.kvHeads() * shape.headDim() * cache.type().blockBytes() / 4;
  }
}
