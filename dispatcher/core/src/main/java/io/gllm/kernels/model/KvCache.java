package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import java.lang.foreign.MemorySegment;

/**
 * Keys and values of one sequence, in pages: [block][page][kvHeads][headDim] for each layer, with one table from the pages of the
 * sequence to blocks for all layers.
 */
final class KvCache {
  /** Tokens of a page: long enough to stream, short enough to waste little. */
  static final int PAGE = 32;

  private final KernelDispatcher kernels;
  private final Buffer[] keys;
  private final Buffer[] values;
  private final BlockPool pool;
  private final int[] blocks;
  private final MemorySegment blocksSegment;
  private final Buffer table;
  private int pages;

  KvCache(KernelDispatcher kernels, OwnedBuffers memory, LlamaConfig config, DType type, int capacity) {
    this.kernels = kernels;
    this.blocks = new int[(capacity + PAGE - 1) / PAGE];
    this.blocksSegment = MemorySegment.ofArray(blocks);
    this.pool = new BlockPool(blocks.length);
    this.table = memory.allocate(DType.I32, blocks.length);
    this.keys = new Buffer[config.layers()];
    this.values = new Buffer[config.layers()];
    long elements = (long) blocks.length * PAGE * config.kvDim();
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer] = memory.allocate(type, elements);
      values[layer] = memory.allocate(type, elements);
    }
  }

  Buffer keys(int layer) {
    return keys[layer];
  }

  Buffer values(int layer) {
    return values[layer];
  }

  /** The block of each page, i32 [1][columns]. */
  Buffer table() {
    return table;
  }

  int columns() {
    return blocks.length;
  }

  /** Takes blocks until the sequence can have {@code length} tokens. */
  void reserve(int length) {
    if (length <= pages * PAGE) {
      return;
    }
    while (length > pages * PAGE) {
      blocks[pages] = pool.allocate();
      pages++;
    }
    kernels.write(table, blocksSegment);
  }

  /** Where the token at {@code position}, for which there must be a block, is stored. */
  int slot(int position) {
    return blocks[position / PAGE] * PAGE + position % PAGE;
  }

  /** Forgets the sequence and gives its blocks back. */
  void clear() {
    while (pages > 0) {
      pages--;
      pool.free(blocks[pages]);
    }
  }
}
