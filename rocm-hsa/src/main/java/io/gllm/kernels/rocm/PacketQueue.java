package io.gllm.kernels.rocm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;

/**
 * A user-mode queue of a GPU: a ring of 64-byte packets that its packet processor reads. Each packet waits for all before it (the
 * barrier bit). A packet's body is written first, then its header, which hands it over, then the doorbell. For one thread at a time.
 */
final class PacketQueue {
  private static final int PACKETS = 1024;
  static final int PACKET_BYTES = 64;
  // Fields of the queue's struct.
  private static final int BASE = 8;
  private static final int DOORBELL = 16;
  private static final int SIZE = 24;
  // Packet types, the barrier bit, and fences of a header: before (acquire) and after (release), for the GPU or for the system.
  private static final int DISPATCH = 2;
  private static final int BARRIER_AND = 3;
  private static final int IN_ORDER = 1 << 8;
  private static final int ACQUIRE_GPU = 1 << 9;
  private static final int ACQUIRE_SYSTEM = 2 << 9;
  private static final int RELEASE_GPU = 1 << 11;
  private static final int RELEASE_SYSTEM = 2 << 11;
  private static final int DIMENSIONS = 3 << 16;
  private static final int DISPATCH_HEADER = DISPATCH | IN_ORDER | ACQUIRE_GPU | RELEASE_GPU | DIMENSIONS;
  private static final int BARRIER_HEADER = BARRIER_AND | IN_ORDER | ACQUIRE_SYSTEM | RELEASE_SYSTEM;
  // A wait spins for a moment, since that answers sooner, then sleeps, and looks for errors of the queue every now and then.
  private static final int ACTIVE = 1;
  private static final int BLOCKED = 0;
  private static final long SPIN_TICKS = 10_000;
  private static final long SLEEP_TICKS = 50_000_000;

  private static final VarHandle HEADER = JAVA_INT.varHandle();
  private static final MemorySegment MEMORY = HsaCalls.MEMORY;

  private final HsaCalls calls;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment status;
  private final long queue;
  private final long base;
  private final long doorbell;
  private final int size;
  private long read;

  PacketQueue(HsaCalls calls, RocmGpu gpu) {
    this.calls = calls;
    this.status = arena.allocate(JAVA_INT);
    long callback = HsaLibrary.callback(HsaLibrary.method(MethodHandles.lookup(), "failed",
        MethodType.methodType(void.class, int.class, long.class, long.class)), "vill", arena);
    try {
      queue = calls.createQueue(gpu.agent(), Math.min(PACKETS, gpu.queuePackets()), callback, status.address());
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
    base = MEMORY.get(JAVA_LONG, queue + BASE);
    doorbell = MEMORY.get(JAVA_LONG, queue + DOORBELL);
    size = MEMORY.get(JAVA_INT, queue + SIZE);
  }

  /** Called by a thread of the runtime when the queue has stopped for an error. */
  private static void failed(int status, long queue, long data) {
    HEADER.setRelease(MEMORY, data, status);
  }

  /** Throws if the device is lost, or the queue has stopped. */
  void requireAlive() {
    int error = (int) HEADER.getAcquire(status, 0L);
    if (error != 0 && !calls.isLost()) {
      throw calls.lose("the queue stopped with " + calls.explain(error));
    }
    calls.requireAlive();
  }

  /** Launches a grid of work groups. Allocates nothing. */
  void dispatch(RocmKernel kernel, int x, int y, int z, int threads, long arguments) {
    requireAlive();
    long index = calls.addWriteIndex(queue, 1);
    long packet = packet(index);
    write(packet, kernel, x, y, z, threads, arguments);
    submit(index, packet, DISPATCH_HEADER);
  }

  /** Writes a packet, but for its header. */
  static void write(long packet, RocmKernel kernel, int x, int y, int z, int threads, long arguments) {
    MEMORY.set(JAVA_INT, packet + 4, threads | 1 << 16);
    MEMORY.set(JAVA_INT, packet + 8, 1);
    MEMORY.set(JAVA_INT, packet + 12, x * threads); // a grid counts threads, not groups
    MEMORY.set(JAVA_INT, packet + 16, y);
    MEMORY.set(JAVA_INT, packet + 20, z);
    MEMORY.set(JAVA_INT, packet + 24, kernel.privateBytes());
    MEMORY.set(JAVA_INT, packet + 28, kernel.groupBytes());
    MEMORY.set(JAVA_LONG, packet + 32, kernel.object());
    MEMORY.set(JAVA_LONG, packet + 40, arguments);
    MEMORY.set(JAVA_LONG, packet + 48, 0L);
    MEMORY.set(JAVA_LONG, packet + 56, 0L);
  }

  /** Launches a run of packets that {@link #write} has written, with one doorbell for all that the queue has room for. Allocates nothing. */
  void dispatch(MemorySegment run) {
    requireAlive();
    int count = (int) (run.byteSize() / PACKET_BYTES);
    if (count == 0) {
      return;
    }
    read = calls.readIndex(queue);
    long first = calls.addWriteIndex(queue, count);
    for (int i = 0; i < count; i++) {
      if (i > 0 && first + i - read >= size) {
        calls.store(doorbell, first + i - 1); // else the packets that take the room would never be read
      }
      long packet = packet(first + i);
      MemorySegment.copy(run, (long) i * PACKET_BYTES + Integer.BYTES, MEMORY, packet + Integer.BYTES, PACKET_BYTES - Integer.BYTES);
      HEADER.setRelease(MEMORY, packet, DISPATCH_HEADER);
    }
    calls.store(doorbell, first + count - 1);
  }

  /** What follows waits for the signal {@code dependency}; when all before is done, {@code completion} goes down by 1; 0 for none. */
  void barrier(long dependency, long completion) {
    requireAlive();
    long index = calls.addWriteIndex(queue, 1);
    long packet = packet(index);
    MEMORY.set(JAVA_INT, packet + 4, 0);
    MEMORY.set(JAVA_LONG, packet + 8, dependency);
    for (int field = 16; field < 56; field += 8) {
      MEMORY.set(JAVA_LONG, packet + field, 0L);
    }
    MEMORY.set(JAVA_LONG, packet + 56, completion);
    submit(index, packet, BARRIER_HEADER);
  }

  /** Where the packet of an index goes, once the one that was there is read. */
  private long packet(long index) {
    while (index - read >= size) {
      read = calls.readIndex(queue);
      if (index - read >= size) {
        requireAlive();
        Thread.onSpinWait();
      }
    }
    return base + (index & (size - 1)) * PACKET_BYTES;
  }

  private void submit(long index, long packet, int header) {
    HEADER.setRelease(MEMORY, packet, header);
    calls.store(doorbell, index);
  }

  /** Waits until a signal is 0. */
  void await(long signal) {
    long value = calls.await(signal, SPIN_TICKS, ACTIVE);
    while (value > 0) {
      requireAlive();
      value = calls.await(signal, SLEEP_TICKS, BLOCKED);
    }
    if (value < 0) {
      requireAlive();
      throw calls.lose("a copy failed");
    }
  }

  /** Stops the queue, whatever it is doing. */
  void close(Closing closing) {
    closing.step(() -> {
      calls.destroyQueue(queue);
      arena.close();
    });
  }
}
