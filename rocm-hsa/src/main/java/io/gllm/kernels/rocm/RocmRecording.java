package io.gllm.kernels.rocm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Launches as packets that are ready: a replay copies them into the ring of the queue and rings its doorbell. Their arguments lie in memory
 * of the recording, since kernels only read them.
 */
final class RocmRecording implements Queue.Captured {
  private final RocmQueue queue;
  private final HsaCalls calls;
  private final PacketQueue packets;
  private final Arena arena = Arena.ofShared();
  private final List<Launch> launches = new ArrayList<>();
  private MemorySegment run = MemorySegment.NULL;
  private long memory;

  /** A launch that was recorded; its arguments are a copy. */
  private record Launch(RocmKernel kernel, int x, int y, int z, int threads, byte[] arguments) {
    int lines() {
      return ArgumentRing.lines(arguments.length);
    }
  }

  RocmRecording(RocmQueue queue, HsaCalls calls, PacketQueue packets) {
    this.queue = queue;
    this.calls = calls;
    this.packets = packets;
  }

  void add(RocmKernel kernel, int x, int y, int z, int threads, MemorySegment arguments) {
    launches.add(new Launch(kernel, x, y, z, threads, arguments.toArray(JAVA_BYTE)));
  }

  /** Lays out arguments and packets. */
  RocmRecording finish(RocmGpu gpu) {
    int bytes = launches.stream().mapToInt(Launch::lines).reduce(0, Math::addExact);
    if (bytes > 0) {
      memory = HostBlock.allocate(calls, gpu, gpu.arguments(), bytes);
    }
    run = arena.allocate((long) launches.size() * PacketQueue.PACKET_BYTES, PacketQueue.PACKET_BYTES);
    long arguments = memory;
    long packet = run.address();
    for (Launch launch : launches) {
      MemorySegment.copy(launch.arguments, 0, HsaCalls.MEMORY, JAVA_BYTE, arguments, launch.arguments.length);
      PacketQueue.write(packet, launch.kernel, launch.x, launch.y, launch.z, launch.threads, arguments);
      arguments += launch.lines();
      packet += PacketQueue.PACKET_BYTES;
    }
    launches.clear();
    return this;
  }

  @Override
  public void replay() {
    packets.dispatch(run);
  }

  /** The replays under way read its arguments. */
  @Override
  public void close() {
    Closing closing = new Closing(calls);
    if (!calls.isLost()) { // else nothing runs any more
      closing.step(queue::finish);
    }
    if (memory != 0) {
      closing.step(() -> calls.free(memory));
    }
    arena.close();
    closing.rethrow();
  }
}
