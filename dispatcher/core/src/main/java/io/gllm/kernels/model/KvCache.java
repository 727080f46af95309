package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

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
  private final Buffer table;
  private final Buffer numbers;
  private final Buffer slots;
  private final Buffer[] numberAt;
  private final Buffer[] slotAt;
  private final int[] slotOf;
  private boolean reserved;

  KvCache(KernelDispatcher kernels, OwnedBuffers memory, LlamaConfig config, DType type, int capacity) {
    this.kernels = kernels;
    this.blocks = new int[(capacity + PAGE - 1) / PAGE];
    this.pool = new BlockPool(blocks.length);
    this.table = memory.allocate(DType.I32, blocks.length);
    this.slots = memory.allocate(DType.I32, capacity);
    this.keys = new Buffer[config.layers()];
    this.values = new Buffer[config.layers()];
    long elements = (long) blocks.length * PAGE * config.kvDim();
    for (int layer = 0; layer < keys.length; layer++) {
      keys[layer] = memory.allocate(type, elements);
      values[layer] = memory.allocate(type, elements);
    }
    this.numbers = memory.allocate(DType.I32, capacity + 1L);
    kernels.write(numbers, MemorySegment.ofArray(IntStream.rangeClosed(0, capacity).toArray()));
    this.numberAt = views(numbers, capacity + 1);
    this.slotAt = views(slots, capacity);
    this.slotOf = new int[capacity];
  }

  /** Each number of a buffer as a buffer, made once: a token then needs neither memory nor an upload. */
  private static Buffer[] views(Buffer numbers, int count) {
    Buffer[] views = new Buffer[count];
    Arrays.setAll(views, i -> numbers.slice(i, 1));
    return views;
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

  int capacity() {
    return slotOf.length;
  }

  /** The length of the sequence with the token at {@code position} as its last, i32 [1]. */
  Buffer length(int position) {
    return numberAt[position + 1];
  }

  /** The positions from {@code position} on, i32 [count]. */
  Buffer positions(int position, int count) {
    return count == 1 ? numberAt[position] : numbers.slice(position, count);
  }

  /** Where {@code count} tokens from {@code position} on are stored, i32 [count]; {@link #reserve} comes first. */
  Buffer slots(int position, int count) {
    return count == 1 ? slotAt[position] : slots.slice(position, count);
  }

  /** Where the token at {@code position} is stored; {@link #reserve} comes first. */
  int slot(int position) {
    return slotOf[position];
  }

  /**
   * Takes the blocks of the whole sequence and tells the device where its tokens go, once: decoding then sends nothing. The
   * memory is there anyway.
   */
  void reserve() {
    if (reserved) {
      return;
    }
    Arrays.setAll(blocks, page -> pool.allocate());
    Arrays.setAll(slotOf, i -> blocks[i / PAGE] * PAGE + i % PAGE);
    kernels.write(table, MemorySegment.ofArray(blocks));
    kernels.write(slots, MemorySegment.ofArray(slotOf));
    reserved = true;
  }

  /** Forgets the sequence and gives its blocks back. */
  void clear() {
    if (reserved) {
      for (int block : blocks) {
        pool.free(block);
      }
      reserved = false;
    }
  }
}
