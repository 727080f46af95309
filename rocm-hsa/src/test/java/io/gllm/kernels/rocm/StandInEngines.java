package io.gllm.kernels.rocm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The packet processor and the copying engines of {@link StandInHsa}: as late as they may be, one step at a time, while somebody
 * waits. A packet that the processor would not understand, or that uses what is gone, fails the test.
 */
final class StandInEngines {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final int EXCEPTION = 0x1016;
  private static final int INVALID = 1;
  private static final int DISPATCH = 2;
  private static final int BARRIER_AND = 3;

  private final StandInHsa hsa;
  private final List<Copy> copies = new ArrayList<>();
  private final List<Queue> queues = new ArrayList<>();

  /** A signal. */
  static final class Signal {
    long value;
    Queue doorbellOf;

    Signal(long value) {
      this.value = value;
    }
  }

  private record Copy(long to, long from, long bytes, long after, long completion) {}

  /** A queue: packets up to {@code rung} are handed over. */
  private static final class Queue {
    private final Arena arena = Arena.ofShared();
    private final int size;
    private final long callback;
    private final long data;
    private final MemorySegment ring;
    private final MemorySegment struct;
    private long doorbell;
    private long written;
    private long read;
    private long rung = -1;
    private boolean stopped;

    Queue(int size, long callback, long data) {
      this.size = size;
      this.callback = callback;
      this.data = data;
      this.ring = arena.allocate(64L * size, 64).fill((byte) -1);
      this.struct = arena.allocate(64, 64);
      for (int i = 0; i < size; i++) {
        ring.set(JAVA_SHORT, 64L * i, (short) INVALID);
      }
    }
  }

  StandInEngines(StandInHsa hsa) {
    this.hsa = hsa;
  }

  boolean isSignal(long signal) {
    return hsa.get(signal, Signal.class) != null;
  }

  void copy(long to, long from, long bytes, long after, long completion) {
    hsa.memory.segment(to, bytes);
    hsa.memory.segment(from, bytes);
    copies.add(new Copy(to, from, bytes, after, completion));
  }

  /** A signal is destroyed, which nothing may need any more. */
  void forget(long signal) {
    if (hsa.failedCall() == null && copies.stream().anyMatch(copy -> copy.after == signal || copy.completion == signal)) {
      throw new IllegalStateException("a signal is destroyed before the copy that uses it");
    }
  }

  long createQueue(int size, long callback, long data) {
    Queue queue = new Queue(size, callback, data);
    Signal bell = new Signal(0);
    bell.doorbellOf = queue;
    queue.doorbell = hsa.create(bell);
    queue.struct.set(JAVA_LONG, 8, queue.ring.address());
    queue.struct.set(JAVA_LONG, 16, queue.doorbell);
    queue.struct.set(JAVA_INT, 24, size);
    queues.add(queue);
    hsa.handles.put(queue.struct.address(), queue);
    return queue.struct.address();
  }

  boolean destroyQueue(long handle) {
    Queue queue = hsa.get(handle, Queue.class);
    if (queue == null) {
      return false;
    }
    if (queue.read < queue.written && !queue.stopped && hsa.failedCall() == null) {
      throw new IllegalStateException("a queue is destroyed with " + (queue.written - queue.read) + " packets in it");
    }
    queues.remove(queue);
    hsa.handles.remove(queue.doorbell);
    hsa.handles.remove(handle);
    queue.arena.close();
    return true;
  }

  private Queue queue(long handle) {
    Queue queue = hsa.get(handle, Queue.class);
    if (queue == null) {
      throw new IllegalStateException("no queue " + handle);
    }
    return queue;
  }

  long addWriteIndex(long handle, long count) {
    Queue queue = queue(handle);
    queue.written += count;
    return queue.written - count;
  }

  /** Whoever asks waits for room: one packet is read. */
  long readIndex(long handle) {
    Queue queue = queue(handle);
    if (!queue.stopped && !step() && queue.written - queue.read > queue.size) {
      stop(queue, new IllegalStateException("nothing can go on, and the queue is full"));
    }
    return queue.read;
  }

  void store(long handle, long value) {
    Signal signal = hsa.get(handle, Signal.class);
    if (signal == null) {
      throw new IllegalStateException("a store into signal " + handle + ", which is gone");
    }
    if (signal.doorbellOf == null) {
      signal.value = value;
      return;
    }
    Queue queue = signal.doorbellOf;
    if (value <= queue.rung || value >= queue.written || value - queue.read >= queue.size) {
      throw new IllegalStateException("the doorbell rings for packet " + value + " of " + queue.read + " to " + queue.written);
    }
    for (long packet = queue.rung + 1; packet <= value; packet++) {
      if ((queue.ring.get(JAVA_SHORT, (packet & (queue.size - 1)) * 64) & 0xff) == INVALID) {
        throw new IllegalStateException("the doorbell rings for packet " + packet + ", which is not written");
      }
    }
    hsa.doorbells++;
    queue.rung = value;
  }

  long await(long handle) {
    Signal signal = hsa.get(handle, Signal.class);
    if (signal == null) {
      throw new IllegalStateException("a wait for signal " + handle + ", which is gone");
    }
    while (signal.value > 0 && step()) {
      continue;
    }
    if (signal.value > 0) {
      queues.stream().filter(queue -> !queue.stopped).forEach(queue -> stop(queue, new IllegalStateException("a wait that never ends")));
    }
    return signal.value;
  }

  /** One packet or copy that may run; false if there is none. */
  private boolean step() {
    return hsa.copiesFirst ? copyOne() || readOne() : readOne() || copyOne();
  }

  private boolean copyOne() {
    for (Copy copy : copies) {
      if (value(copy.after) == 0) {
        copies.remove(copy);
        MemorySegment.copy(hsa.memory.segment(copy.from, copy.bytes), 0, hsa.memory.segment(copy.to, copy.bytes), 0, copy.bytes);
        complete(copy.completion);
        return true;
      }
    }
    return false;
  }

  private long value(long handle) {
    Signal signal = hsa.get(handle, Signal.class);
    if (signal == null) {
      throw new IllegalStateException("a dependency on signal " + handle + ", which is gone");
    }
    return signal.value;
  }

  private void complete(long handle) {
    Signal signal = hsa.get(handle, Signal.class);
    if (signal == null || signal.value != 1) {
      throw new IllegalStateException("signal " + handle + " is to be completed and is "
          + (signal == null ? "gone" : "at " + signal.value));
    }
    signal.value--;
  }

  private boolean readOne() {
    for (Queue queue : queues) {
      if (!queue.stopped && queue.read <= queue.rung && read(queue)) {
        return true;
      }
    }
    return false;
  }

  /** Reads the next packet of a queue; false if it has to wait. */
  private boolean read(Queue queue) {
    MemorySegment packet = queue.ring.asSlice((queue.read & (queue.size - 1)) * 64, 64);
    try {
      int header = packet.get(JAVA_SHORT, 0) & 0xffff;
      int type = header & 0xff;
      if (type != DISPATCH && type != BARRIER_AND || (header & 0x100) == 0 || (header >> 9 & 3) == 0 || (header >> 11 & 3) == 0) {
        throw new IllegalStateException("a packet with header 0x" + Integer.toHexString(header));
      }
      if (type == BARRIER_AND && !isFree(packet)) {
        return false;
      }
      if (type == DISPATCH) {
        dispatch(packet);
      }
      long completion = packet.get(JAVA_LONG, 56);
      if (completion != 0) {
        complete(completion);
      }
    } catch (RuntimeException e) { // what a kernel did, or its packet
      stop(queue, e);
      return true;
    }
    packet.fill((byte) -1).set(JAVA_SHORT, 0, (short) INVALID);
    queue.read++;
    return true;
  }

  private boolean isFree(MemorySegment packet) {
    if (packet.get(JAVA_SHORT, 2) != 0 || packet.get(JAVA_INT, 4) != 0 || packet.get(JAVA_LONG, 48) != 0) {
      throw new IllegalStateException("a barrier packet with reserved bits");
    }
    for (int at = 8; at < 48; at += 8) {
      if (packet.get(JAVA_LONG, at) != 0 && value(packet.get(JAVA_LONG, at)) != 0) {
        return false;
      }
    }
    return true;
  }

  private void dispatch(MemorySegment packet) {
    StandInFunctions.Symbol symbol = hsa.get(packet.get(JAVA_LONG, 32), StandInFunctions.Symbol.class);
    if (symbol == null || symbol.executable().gone) {
      throw new IllegalStateException("a launch of code that is gone");
    }
    CodeObject.Descriptor kernel = symbol.kernel();
    int threads = packet.get(JAVA_SHORT, 4);
    boolean shape = packet.get(JAVA_SHORT, 2) == 3 && threads > 0 && packet.get(JAVA_SHORT, 6) == 1 && packet.get(JAVA_SHORT, 8) == 1
        && packet.get(JAVA_INT, 12) > 0 && packet.get(JAVA_INT, 12) % threads == 0 && packet.get(JAVA_INT, 16) > 0
        && packet.get(JAVA_INT, 20) > 0;
    boolean clean = packet.get(JAVA_SHORT, 10) == 0 && packet.get(JAVA_LONG, 48) == 0;
    boolean sizes = packet.get(JAVA_INT, 24) == kernel.privat() && packet.get(JAVA_INT, 28) == kernel.group();
    if (!shape || !clean || !sizes) {
      throw new IllegalStateException(
          "a launch of " + kernel.name() + (shape ? "" : " with a wrong shape") + (clean ? "" : " with reserved bits")
              + (sizes ? "" : " with wrong segments"));
    }
    long arguments = packet.get(JAVA_LONG, 40);
    if (arguments % 64 != 0) {
      throw new IllegalStateException("arguments at " + Long.toHexString(arguments));
    }
    hsa.memory.segment(arguments, (kernel.arguments() + 63) & -64); // a kernel may read to the end of the line
    hsa.kernels.run(symbol.executable().code, kernel.name(), hsa.memory.segment(arguments, kernel.arguments()),
        packet.get(JAVA_INT, 12) / threads, packet.get(JAVA_INT, 16), packet.get(JAVA_INT, 20), threads, hsa.memory);
    hsa.dispatches++;
  }

  /** The runtime reports an error of the queue, which goes on no more. */
  private void stop(Queue queue, RuntimeException why) {
    hsa.failures.add(why);
    queue.stopped = true;
    copies.clear();
    try {
      Linker.nativeLinker()
          .downcallHandle(MemorySegment.ofAddress(queue.callback), FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG, JAVA_LONG))
          .invokeExact(EXCEPTION, queue.struct.address(), queue.data);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
