package io.gllm.kernels.cuda.ptx;

import java.lang.foreign.MemorySegment;
import java.util.Locale;

/** The address of an instruction: from a lane's register to a place in a memory, after all checks. */
final class Access {
  enum Space {
    GLOBAL, SHARED, CONST, PARAM, GENERIC
  }

  private static final int READ = 0;
  private static final int WRITE = 1;
  private static final int ATOMIC = 2;
  private static final int COPY = 3;

  private final Space space;
  private final int base;
  private final boolean wide;
  private final long offset;
  private final int bytes;
  private final int slot;

  /** Operand {@code operand}, {@code bytes} at a time. */
  Access(Operands o, int operand, Space space, int bytes) {
    Operands.Address a = o.address(operand);
    if (a.space() != null && !a.space().equals(space.name().toLowerCase(Locale.ROOT))) {
      throw o.instruction.fault("the address is of " + a.space() + " memory");
    }
    if (!a.wide() && space != Space.SHARED && space != Space.PARAM) {
      throw o.instruction.fault("an address of 32 bits");
    }
    if (bytes > 16) {
      throw o.instruction.fault("more than 16 bytes at once");
    }
    this.space = space;
    base = a.base();
    wide = a.wide();
    offset = a.offset();
    this.bytes = bytes;
    slot = o.instruction.index;
    o.entry.granule(bytes, space);
  }

  /** Lanes {@code mask} are about to use the address. */
  void begin(Warp w, int mask) {
    if (base >= 0) {
      w.uses(base, mask);
    }
  }

  long address(Warp w, int lane) {
    if (base < 0) {
      return offset;
    }
    return wide ? w.longs[base][lane] + offset : (w.words[base][lane] & 0xffff_ffffL) + offset;
  }

  boolean isShared() {
    return space == Space.SHARED;
  }

  /** Where in shared memory lanes {@code mask} read, one place for each lane. */
  void sharedReads(Warp w, int mask, int[] places) {
    Group g = w.group;
    Shadow shadow = g.sharedShadow;
    long stamp = g.stamp | w.thread(0);
    for (int m = mask; m != 0; m &= m - 1) {
      int l = Integer.numberOfTrailingZeros(m);
      long at = address(w, l);
      boolean inside = (at & bytes - 1) == 0 && at >= 0 && at + bytes <= g.sharedBytes;
      if (!inside || !shadow.reads(w, stamp + l, at, bytes)) {
        at(w, l, READ, bytes);
      }
      places[l] = (int) at;
    }
  }

  /** The memory that a lane reads; where, the group's {@code offset} says. */
  MemorySegment read(Warp w, int lane) {
    return at(w, lane, READ, bytes);
  }

  /** The memory that a lane writes. */
  MemorySegment write(Warp w, int lane) {
    return at(w, lane, WRITE, bytes);
  }

  /** The memory that a lane reads and writes at once. */
  MemorySegment atomic(Warp w, int lane) {
    return at(w, lane, ATOMIC, bytes);
  }

  /** As {@link #read}, of no more than the first {@code size} bytes. */
  MemorySegment read(Warp w, int lane, int size) {
    return at(w, lane, READ, size);
  }

  /** The memory that a lane has begun to copy to. */
  MemorySegment copying(Warp w, int lane) {
    return at(w, lane, COPY, bytes);
  }

  private MemorySegment at(Warp w, int lane, int kind, int size) {
    long address = address(w, lane);
    if ((address & bytes - 1) != 0) {
      throw new LaneFault(lane, "misaligned: " + bytes + " bytes at 0x" + Long.toHexString(address));
    }
    return switch (space) {
      case GLOBAL -> global(w, lane, address, kind, size);
      case SHARED -> shared(w, lane, address, kind);
      case PARAM -> parameter(w, lane, address);
      case CONST -> constant(w, lane, address);
      case GENERIC -> address >>> 56 == 1 ? shared(w, lane, address - Moves.SHARED_WINDOW, kind) : global(w, lane, address, kind, size);
    };
  }

  private MemorySegment global(Warp w, int lane, long address, int kind, int size) {
    DeviceMemoryMap.Allocation a = w.group.recent[slot];
    if (!a.holds(address, size)) {
      a = find(w, lane, address, size);
    }
    long at = address - a.base;
    Shadow shadow = w.group.memory.shadow(a);
    if (shadow != null) {
      check(lane, shadow, w, at, kind, size, null);
    }
    w.group.offset = at;
    return a.memory;
  }

  private DeviceMemoryMap.Allocation find(Warp w, int lane, long address, int size) {
    DeviceMemoryMap.Allocation a = w.group.memory.find(address, size);
    if (a == null) {
      a = w.entry.statics.find(address, size);
    }
    if (a == null) {
      throw new LaneFault(lane, "out of bounds: " + size + " bytes at 0x" + Long.toHexString(address) + ", "
          + w.group.memory.whereabouts(address));
    }
    w.group.recent[slot] = a;
    return a;
  }

  private MemorySegment shared(Warp w, int lane, long at, int kind) {
    if (at < 0 || at + bytes > w.group.sharedBytes) {
      throw new LaneFault(lane, "out of bounds: " + bytes + " bytes at shared+" + at + " of " + w.group.sharedBytes);
    }
    Shadow shadow = w.group.sharedShadow;
    if (kind == READ || kind == ATOMIC) {
      long unwritten = shadow.unwritten(w, at, bytes);
      if (unwritten >= 0) {
        throw new LaneFault(lane, "reads shared memory that nothing has written: " + w.entry.sharedName(Math.max(unwritten, at)));
      }
    }
    check(lane, shadow, w, at, kind, bytes, w.entry);
    w.group.offset = at;
    return w.group.shared;
  }

  private static void check(int lane, Shadow shadow, Warp w, long at, int kind, int bytes, PtxEntry names) {
    String race = switch (kind) {
      case READ -> shadow.read(w, lane, at, bytes);
      case WRITE -> shadow.write(w, lane, at, bytes);
      case COPY -> shadow.copying(w, lane, at, bytes);
      default -> shadow.atomic(w, lane, at, bytes);
    };
    if (race != null) {
      throw new LaneFault(lane, race + ": " + (names == null ? "global memory, byte " + at : names.sharedName(at)));
    }
  }

  private MemorySegment parameter(Warp w, int lane, long at) {
    if (at < 0 || at + bytes > w.group.parameters.byteSize()) {
      throw new LaneFault(lane, "out of bounds: byte " + at + " of the parameters");
    }
    w.group.offset = at;
    return w.group.parameters;
  }

  private MemorySegment constant(Warp w, int lane, long address) {
    DeviceMemoryMap.Allocation a = w.group.recent[slot];
    if (!a.holds(address, bytes)) {
      a = w.entry.statics.find(address, bytes);
      if (a == null) {
        throw new LaneFault(lane, "out of bounds of constant memory");
      }
      w.group.recent[slot] = a;
    }
    w.group.offset = address - a.base;
    return a.memory;
  }
}
