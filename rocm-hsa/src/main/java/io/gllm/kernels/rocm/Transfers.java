package io.gllm.kernels.rocm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies in the order of a queue, by the engines of the GPU that copy beside it: a packet of the queue tells when all before is done,
 * the copy waits for that, and a second packet makes what follows wait for the copy. Host memory travels through two blocks that the
 * GPU can use: one is filled or emptied by the processor while the other is on its way. For one thread at a time.
 */
final class Transfers {
  /** Bytes of a block: long against the cost of starting a copy, short enough to stay in the processor's cache. */
  static final int BLOCK = 4 << 20;

  private final HsaCalls calls;
  private final RocmGpu gpu;
  private final PacketQueue packets;
  private final Arena arena = Arena.ofShared();
  private final List<Block> blocks = new ArrayList<>();
  private int next;

  /** One block, and the signals of its last copy. */
  private final class Block {
    private final long address;
    private final MemorySegment segment;
    private final Completion before;
    private final Completion copied;
    private final Completion after;
    private final MemorySegment dependency;

    Block(long address, List<Completion> signals) {
      this.address = address;
      this.segment = HsaCalls.MEMORY.asSlice(address, BLOCK);
      this.before = signals.get(0);
      this.copied = signals.get(1);
      this.after = signals.get(2);
      this.dependency = arena.allocateFrom(ValueLayout.JAVA_LONG, before.signal());
    }

    void copy(long to, long toAgent, long from, long fromAgent, long bytes) {
      packets.barrier(0, before.arm());
      calls.copy(to, toAgent, from, fromAgent, bytes, dependency.address(), copied.signal());
      copied.arm();
    }

    void holdTheQueue() {
      packets.barrier(copied.signal(), after.arm());
    }

    void close(Closing closing) {
      List.of(before, copied, after).forEach(signal -> signal.close(closing));
      closing.step(() -> calls.free(address));
    }
  }

  private Transfers(HsaCalls calls, RocmGpu gpu, PacketQueue packets) {
    this.calls = calls;
    this.gpu = gpu;
    this.packets = packets;
  }

  static Transfers open(HsaCalls calls, RocmGpu gpu, PacketQueue packets) {
    Transfers transfers = new Transfers(calls, gpu, packets);
    try {
      transfers.addBlock();
      transfers.addBlock();
      return transfers;
    } catch (RuntimeException e) {
      transfers.close(new Closing(calls));
      throw e;
    }
  }

  private void addBlock() {
    long address = HostBlock.allocate(calls, gpu, gpu.shared(), BLOCK);
    List<Completion> signals = new ArrayList<>();
    try {
      while (signals.size() < 3) {
        signals.add(new Completion(calls, packets));
      }
      blocks.add(new Block(address, signals));
    } catch (RuntimeException e) {
      Closing closing = new Closing(calls);
      signals.forEach(signal -> signal.close(closing));
      closing.step(() -> calls.free(address));
      throw e;
    }
  }

  /** Copies host memory to the device; it may change as soon as this returns. */
  void upload(MemorySegment from, long to) {
    for (long at = 0; at < from.byteSize(); at += BLOCK) {
      long bytes = Math.min(BLOCK, from.byteSize() - at);
      Block block = take();
      MemorySegment.copy(from, at, block.segment, 0, bytes);
      block.copy(to + at, gpu.agent(), block.address, gpu.host(), bytes);
      block.holdTheQueue();
    }
  }

  /** Copies device memory to the host, after everything launched before. */
  void download(long from, MemorySegment to) {
    Block before = null;
    for (long at = 0; at < to.byteSize(); at += BLOCK) {
      Block block = take();
      block.copy(block.address, gpu.host(), from + at, gpu.agent(), Math.min(BLOCK, to.byteSize() - at));
      if (before != null) {
        empty(before, to, at - BLOCK);
      }
      before = block;
    }
    empty(before, to, (to.byteSize() - 1) / BLOCK * BLOCK);
  }

  /** Copies within the device. */
  void copy(long from, long to, long bytes) {
    Block block = take();
    block.copy(to, gpu.agent(), from, gpu.agent(), bytes);
    block.holdTheQueue();
  }

  /** The block whose copy is the older one, when that is over and the queue has seen it. */
  private Block take() {
    Block block = blocks.get(next);
    next = 1 - next;
    block.after.reset();
    block.copied.reset();
    block.before.reset();
    return block;
  }

  private static void empty(Block block, MemorySegment to, long at) {
    block.copied.await();
    MemorySegment.copy(block.segment, 0, to, at, Math.min(BLOCK, to.byteSize() - at));
  }

  /** Waits for the copies that the queue does not wait for. */
  void finish() {
    blocks.forEach(block -> block.copied.await());
  }

  void close(Closing closing) {
    blocks.forEach(block -> block.close(closing));
    arena.close();
  }
}
