package io.gllm.kernels.testkit;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Device memory cut into zones, each a run of bytes with at least {@link #GUARD} guard bytes on both sides. All reading and writing
 * goes through an image in host memory, which is the device's memory itself where the host sees it.
 */
final class Zones implements AutoCloseable {
  static final int GUARD = 256;

  private record Zone(String name, long start, long data, long bytes, long end) {}

  private final Device device;
  private final Queue queue;
  private final List<Zone> zones = new ArrayList<>();
  private final MemorySegment guard = MemorySegment.ofArray(new byte[GUARD]);
  private Buffer slab;
  private MemorySegment image;
  private long used;

  Zones(Device device, Queue queue) {
    this.device = device;
    this.queue = queue;
    resize(1L << 20);
  }

  private void resize(long bytes) {
    close();
    slab = Buffer.owning(device.allocate(bytes), DType.I8, bytes);
    image = slab.segment() != null ? slab.segment() : Arena.ofAuto().allocate(bytes, GUARD);
  }

  /** Gives up all zones and makes room for new ones of {@code bytes} in total, guards and alignment not counted. */
  void restart(int count, long bytes) {
    zones.clear();
    used = 0;
    long needed = bytes + (long) count * 4 * GUARD;
    if (needed > slab.length()) {
      resize(Math.max(needed, 2 * slab.length()));
    }
  }

  /** A new zone for {@code elements} elements, {@code shift} blocks off a multiple of 256 bytes. */
  Buffer add(String name, ElementType type, long elements, int shift) {
    long bytes = type.bytesFor(elements);
    long data = used + GUARD + (long) shift * type.blockBytes();
    long end = (data + bytes + 2 * GUARD - 1) / GUARD * GUARD;
    zones.add(new Zone(name, used, data, bytes, end));
    used = end;
    return slab.slice(data, bytes).as(type);
  }

  /** Fills zones and guards with one byte. */
  void fill(byte pattern) {
    image.asSlice(0, used).fill(pattern);
  }

  void write(int zone, byte[] bytes) {
    MemorySegment.copy(bytes, 0, image, ValueLayout.JAVA_BYTE, zones.get(zone).data, bytes.length);
  }

  /** Whether a zone holds these bytes. */
  boolean holds(int zone, byte[] bytes) {
    Zone z = zones.get(zone);
    return image.asSlice(z.data, z.bytes).mismatch(MemorySegment.ofArray(bytes)) < 0;
  }

  byte[] read(int zone) {
    Zone z = zones.get(zone);
    return image.asSlice(z.data, z.bytes).toArray(ValueLayout.JAVA_BYTE);
  }

  void upload() {
    if (image != slab.segment() && used > 0) {
      queue.copy(Buffer.wrap(image.asSlice(0, used), DType.I8), slab.slice(0, used));
    }
  }

  void download() {
    queue.sync();
    if (image != slab.segment() && used > 0) {
      queue.copy(slab.slice(0, used), Buffer.wrap(image.asSlice(0, used), DType.I8));
      queue.sync();
    }
  }

  /**
   * Checks that no guard byte changed.
   *
   * @throws Mismatch naming the zone and the distance
   */
  void checkGuards(byte pattern) {
    guard.fill(pattern);
    for (Zone z : zones) {
      checkGuard(z, z.start, z.data);
      checkGuard(z, z.data + z.bytes, z.end);
    }
  }

  private void checkGuard(Zone z, long from, long to) {
    for (long part = from; part < to; part += GUARD) {
      long length = Math.min(GUARD, to - part);
      long at = image.asSlice(part, length).mismatch(guard.asSlice(0, length));
      if (at >= 0) {
        throw new Mismatch(part + at < z.data
            ? "byte " + (z.data - part - at) + " before " + z.name + " was overwritten"
            : "byte " + (part + at - z.data - z.bytes) + " after the end of " + z.name + " was overwritten");
      }
    }
  }

  @Override
  public void close() {
    if (slab != null) {
      slab.close();
      slab = null;
    }
  }
}
