package io.gllm.kernels.cuda;

import io.gllm.kernels.api.KernelException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;

/**
 * Two blocks of pinned host memory through which bytes travel: one is filled or emptied by the processor while the other is on its
 * way. From ordinary memory the driver would copy as well, but make the caller wait.
 */
final class Staging {
  /** Bytes of a block: long against the cost of starting a transfer, short enough to stay in the processor's cache. */
  static final int BLOCK = 4 << 20;

  private final CudaCalls calls;
  private final CUstream stream;
  private final List<Block> blocks = new ArrayList<>();
  private int next;

  /** One block and the event after its last transfer. */
  private static final class Block {
    private final Pointer pointer;
    private final MemorySegment segment;
    private final CUevent done;
    private boolean busy;

    Block(Pointer pointer, CUevent done) {
      this.pointer = pointer;
      this.segment = segment(pointer, BLOCK);
      this.done = done;
    }
  }

  private Staging(CudaCalls calls, CUstream stream) {
    this.calls = calls;
    this.stream = stream;
  }

  static Staging open(CudaCalls calls, CUstream stream) {
    Staging staging = new Staging(calls, stream);
    try {
      staging.addBlock();
      staging.addBlock();
      return staging;
    } catch (RuntimeException e) {
      staging.close(new Closing(calls));
      throw e;
    }
  }

  private void addBlock() {
    CUevent done = calls.createEvent();
    try {
      blocks.add(new Block(calls.allocateHost(BLOCK), done));
    } catch (RuntimeException e) {
      new Closing(calls).step(() -> calls.destroy(done));
      throw e;
    }
  }

  /** The bytes of pinned memory. */
  static MemorySegment segment(Pointer pinned, int bytes) {
    ByteBuffer buffer = pinned.getByteBuffer(0, bytes);
    if (buffer == null) {
      throw new KernelException("JCuda gave no buffer for pinned memory");
    }
    return MemorySegment.ofBuffer(buffer);
  }

  /** Copies host memory to the device; it may change as soon as this returns. */
  void upload(MemorySegment from, long to) {
    for (long at = 0; at < from.byteSize(); at += BLOCK) {
      long bytes = Math.min(BLOCK, from.byteSize() - at);
      Block block = take();
      MemorySegment.copy(from, at, block.segment, 0, bytes);
      calls.upload(to + at, block.pointer, bytes, stream);
      mark(block);
    }
  }

  /** Copies device memory to the host, after everything launched before. */
  void download(long from, MemorySegment to) {
    Block before = null;
    for (long at = 0; at < to.byteSize(); at += BLOCK) {
      Block block = take();
      calls.download(block.pointer, from + at, Math.min(BLOCK, to.byteSize() - at), stream);
      mark(block);
      if (before != null) {
        empty(before, to, at - BLOCK);
      }
      before = block;
    }
    empty(before, to, (to.byteSize() - 1) / BLOCK * BLOCK);
  }

  /** The block whose transfer is the older one, when that is over. */
  private Block take() {
    Block block = blocks.get(next);
    next = 1 - next;
    await(block);
    return block;
  }

  private void mark(Block block) {
    block.busy = true;
    calls.record(block.done, stream);
  }

  private void await(Block block) {
    if (block.busy) {
      calls.synchronize(block.done);
      block.busy = false;
    }
  }

  private void empty(Block block, MemorySegment to, long at) {
    await(block);
    MemorySegment.copy(block.segment, 0, to, at, Math.min(BLOCK, to.byteSize() - at));
  }

  void close(Closing closing) {
    for (Block block : blocks) {
      closing.step(() -> calls.freeHost(block.pointer));
      closing.step(() -> calls.destroy(block.done));
    }
    blocks.clear();
  }
}
