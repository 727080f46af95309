package io.gllm.kernels.rocm.gcn;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.util.Map;

/** Loads and stores of device memory: by vectors of addresses, and by a scalar address. */
final class GlobalOpcodes {
  private GlobalOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    for (int words = 1; words <= 4; words++) {
      int n = words;
      table.put("global_load_b" + 32 * n, o -> load(o, n));
      table.put("global_store_b" + 32 * n, o -> store(o, n, 4 * n));
    }
    table.put("global_store_b16", o -> store(o, 1, 2));
    for (int words : new int[]{1, 2, 3, 4, 8, 16}) {
      table.put("s_load_b" + 32 * words, o -> new ScalarLoad(o, words));
    }
  }

  private static Op load(Operands o, int words) {
    Place place = new Place(o, 1, 4 * words, false);
    return new Load(place, o.loaded(0, words), words);
  }

  private static Op store(Operands o, int words, int bytes) {
    Place place = new Place(o, 0, bytes, true);
    return new Store(place, o.vectors(1, words), bytes, o.chip.stores());
  }

  /** Where each lane goes: a 64-bit address, or a scalar one and 32 bits without a sign; and a constant. */
  private static final class Place {
    private final int row;
    private final int base;
    private final long offset;
    private final int bytes;
    private final boolean stores;
    /** The memory that was met last. */
    private DeviceMemoryMap.Allocation memory;
    private DeviceMemoryMap map;

    Place(Operands o, int address, int bytes, boolean stores) {
      boolean scalar = o.isRegister(2);
      row = o.vectors(address, scalar ? 1 : 2);
      base = scalar ? o.scalar(2, 2) : -1;
      if (!scalar && !o.operand(2).equals("off")) {
        throw new GcnFault("has operand " + o.operand(2) + ", which is not modelled");
      }
      offset = o.number("offset");
      this.bytes = bytes;
      this.stores = stores;
    }

    /** Before the lanes of a wave. */
    void start(Wave w) {
      w.requireKnown(base < 0 ? w.vectorKnown[row] & w.vectorKnown[row + 1] : w.vectorKnown[row], "goes to an address");
      if (base >= 0) {
        w.readKnown(base);
        w.readKnown(base + 1);
      }
      if (map != w.group.memory) {
        map = w.group.memory;
        memory = DeviceMemoryMap.NONE;
      }
    }

    /** Where a lane's access lies in {@link #memory}. */
    long of(Wave w, int lane) {
      long address = offset + (base < 0
          ? w.v[row][lane] & 0xffffffffL | (long) w.v[row + 1][lane] << 32
          : w.read64(base) + (w.v[row][lane] & 0xffffffffL));
      long at = address - memory.base;
      if (at < 0 || at > memory.bytes - bytes) {
        memory = w.group.find(address, bytes, lane, stores);
        at = address - memory.base;
      }
      if ((address & Math.min(bytes, 4) - 1) != 0) {
        throw new LaneFault(lane, "misaligned: " + bytes + " bytes at 0x" + Long.toHexString(address));
      }
      return at;
    }
  }

  private static final class Load extends Op {
    private final Place place;
    private final int result;
    private final int words;

    Load(Place place, int result, int words) {
      this.place = place;
      this.result = result;
      this.words = words;
    }

    @Override
    void run(Wave w) {
      long exec = w.exec();
      if (exec != 0) {
        place.start(w);
        for (long rest = exec; rest != 0; rest &= rest - 1) {
          int l = Long.numberOfTrailingZeros(rest);
          long at = place.of(w, l);
          for (int i = 0; i < words; i++) {
            w.v[result + i][l] = place.memory.memory.get(JAVA_INT_UNALIGNED, at + 4L * i);
          }
        }
        for (int i = 0; i < words; i++) {
          w.wrote(result + i, exec);
        }
      }
      w.outstanding.begin(Chip.LOADS, Wave.VECTORS + result, words);
    }
  }

  private static final class Store extends Op {
    private final Place place;
    private final int value;
    private final int bytes;
    private final int counter;

    Store(Place place, int value, int bytes, int counter) {
      this.place = place;
      this.value = value;
      this.bytes = bytes;
      this.counter = counter;
    }

    @Override
    void run(Wave w) {
      long exec = w.exec();
      if (exec != 0) {
        place.start(w);
        for (int i = 0; i < bytes; i += 4) {
          w.requireKnown(w.vectorKnown[value + i / 4], "stores a value");
        }
        for (long rest = exec; rest != 0; rest &= rest - 1) {
          int l = Long.numberOfTrailingZeros(rest);
          long at = place.of(w, l);
          if (bytes == 2) {
            place.memory.memory.set(JAVA_SHORT_UNALIGNED, at, (short) w.v[value][l]);
          }
          for (int i = 0; i + 4 <= bytes; i += 4) {
            place.memory.memory.set(JAVA_INT_UNALIGNED, at + i, w.v[value + i / 4][l]);
          }
        }
      }
      w.outstanding.begin(counter, Wave.VECTORS, 0);
    }
  }

  /** What lies behind the arguments of a launch is unknown. */
  private static final class ScalarLoad extends Op {
    private final int result;
    private final int words;
    private final int base;
    private final int index;
    private final int offset;
    private final int counter;

    ScalarLoad(Operands o, int words) {
      this.words = words;
      base = o.scalar(1, 2);
      boolean register = o.isRegister(2);
      index = register ? o.scalar(2, 1) : Wave.NULL;
      offset = (register ? 0 : Operands.constant(o.operand(2), false)) + o.number("offset");
      counter = o.chip.scalars();
      result = o.scalarLoaded(0, words);
    }

    @Override
    void run(Wave w) {
      w.readKnown(base);
      w.readKnown(base + 1);
      long address = w.read64(base) + (w.readKnown(index) & 0xffffffffL) + offset;
      if ((address & 3) != 0) {
        throw new GcnFault("misaligned: a scalar load at 0x" + Long.toHexString(address));
      }
      DeviceMemoryMap.Allocation memory = w.group.findScalar(address, 4 * words);
      for (int i = 0; i < words; i++) {
        w.s[result + i] = memory.memory.get(JAVA_INT_UNALIGNED, address - memory.base + 4L * i);
        w.scalarKnown[result + i] = w.group.isArgument(address + 4L * i) ? -1 : 0;
      }
      w.outstanding.begin(counter, result, words);
    }
  }
}
