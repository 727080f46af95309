package io.gllm.kernels.rocm.gcn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory of a device: allocations at addresses of their own, with gaps between them, so that an access past an end meets
 * nothing. An address is never given twice. A base is a multiple of 256, as the driver promises, and not of 512. New memory holds
 * 0xFF bytes: as floats NaN, as indices far away. For one thread.
 */
public final class DeviceMemoryMap {
  private static final long GAP = 4096;
  private static final AtomicLong NEXT = new AtomicLong(0x6_0000_0000_0000L);

  static final class Allocation {
    final long base;
    final long bytes;
    final MemorySegment memory;
    private final Arena arena;

    Allocation(long base, long bytes, MemorySegment memory, Arena arena) {
      this.base = base;
      this.bytes = bytes;
      this.memory = memory;
      this.arena = arena;
    }
  }

  /** Holds no access. */
  static final Allocation NONE = new Allocation(0, 0, MemorySegment.NULL, null);

  private final TreeMap<Long, Allocation> allocations = new TreeMap<>();
  private final TreeMap<Long, Long> freed = new TreeMap<>();

  /** New memory; returns its address. */
  public long allocate(long bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("an allocation of " + bytes + " bytes");
    }
    long step = (bytes + GAP + 511) / 512 * 512;
    long base = NEXT.getAndAdd(step) + 256;
    Arena arena = Arena.ofShared();
    MemorySegment memory = arena.allocate(bytes, 256).fill((byte) -1);
    allocations.put(base, new Allocation(base, bytes, memory, arena));
    return base;
  }

  /** Makes host memory visible to the device, at its own address, which is returned. */
  public long map(MemorySegment host) {
    Map.Entry<Long, Allocation> below = allocations.lowerEntry(host.address() + host.byteSize());
    if (below != null && below.getKey() + below.getValue().bytes > host.address()) {
      throw new IllegalArgumentException("mapped already");
    }
    allocations.put(host.address(), new Allocation(host.address(), host.byteSize(), host, null));
    return host.address();
  }

  /**
   * Frees what {@link #allocate} or {@link #map} gave.
   *
   * @throws IllegalArgumentException
   *             where the address is not the base of a live allocation
   */
  public void free(long address) {
    Allocation a = allocations.remove(address);
    if (a == null) {
      throw new IllegalArgumentException("0x" + Long.toHexString(address) + " is not the start of an allocation");
    }
    if (a.arena != null) {
      freed.put(a.base, a.bytes);
      a.arena.close();
    }
  }

  /**
   * The memory at an address, for copies.
   *
   * @throws IllegalArgumentException
   *             where no allocation holds all of it
   */
  public MemorySegment segment(long address, long bytes) {
    Map.Entry<Long, Allocation> e = allocations.floorEntry(address);
    if (e == null || bytes < 0 || address - e.getKey() > e.getValue().bytes - bytes) {
      throw new IllegalArgumentException("0x" + Long.toHexString(address) + ", " + bytes + " bytes: " + whereabouts(address));
    }
    return e.getValue().memory.asSlice(address - e.getKey(), bytes);
  }

  /** The allocation that holds all of an access, or null. */
  Allocation find(long address, int bytes) {
    Map.Entry<Long, Allocation> e = allocations.floorEntry(address);
    return e == null || address - e.getKey() > e.getValue().bytes - bytes ? null : e.getValue();
  }

  /** The live allocations. */
  public int count() {
    return allocations.size();
  }

  /** What lies at or before an address, for messages. */
  String whereabouts(long address) {
    Map.Entry<Long, Allocation> e = allocations.floorEntry(address);
    Map.Entry<Long, Long> f = freed.floorEntry(address);
    if (f != null && address < f.getKey() + f.getValue()) {
      return "inside freed memory of " + f.getValue() + " bytes";
    }
    Map.Entry<Long, Allocation> above = allocations.higherEntry(address);
    if (above != null && above.getKey() - address <= GAP / 2) {
      return above.getKey() - address + " bytes before an allocation of " + above.getValue().bytes + " bytes";
    }
    if (e == null || address - e.getKey() - e.getValue().bytes > GAP) {
      return "not near any allocation";
    }
    return "byte " + (address - e.getKey()) + " of an allocation of " + e.getValue().bytes + " bytes";
  }
}
