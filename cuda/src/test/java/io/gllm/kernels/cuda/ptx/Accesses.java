package io.gllm.kernels.cuda.ptx;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** Loads and stores, each checked: inside an allocation, aligned to its size, of memory that was written, and no race. */
final class Accesses {
  private static final List<String> TYPES = List.of("u8", "s8", "b8", "u16", "s16", "b16", "u32", "s32", "b32", "f32", "u64", "s64",
      "b64", "f64");
  /** Hints on caches and ordering that change no result; ordering of volatile and relaxed accesses is not modelled. */
  private static final List<String> LOAD_HINTS = List.of("", ".nc", ".ca", ".cg", ".cs", ".lu", ".nc.L1::no_allocate",
      ".L1::no_allocate", ".L1::evict_last", ".L1::evict_first", ".nc.L1::evict_last", ".nc.L1::evict_first",
      ".nc.L1::no_allocate.L2::128B", ".nc.L1::no_allocate.L2::256B", ".L2::128B");
  private static final List<String> STORE_HINTS = List.of("", ".wb", ".cg", ".cs", ".wt", ".L1::no_allocate");

  private Accesses() {}

  static void define(Opcodes t) {
    for (String type : TYPES) {
      for (int count : new int[]{1, 2, 4}) {
        String tail = (count == 1 ? "" : ".v" + count) + "." + type;
        LOAD_HINTS.forEach(h -> t.put("ld.global" + h + tail, o -> load(o, Access.Space.GLOBAL, type, count)));
        STORE_HINTS.forEach(h -> t.put("st.global" + h + tail, o -> store(o, Access.Space.GLOBAL, type, count)));
        for (String order : new String[]{"", ".volatile"}) {
          t.put("ld" + order + ".shared" + tail, o -> load(o, Access.Space.SHARED, type, count));
          t.put("st" + order + ".shared" + tail, o -> store(o, Access.Space.SHARED, type, count));
        }
        t.put("ld.volatile.global" + tail, o -> load(o, Access.Space.GLOBAL, type, count));
        t.put("st.volatile.global" + tail, o -> store(o, Access.Space.GLOBAL, type, count));
        t.put("ld.const" + tail, o -> load(o, Access.Space.CONST, type, count));
        t.put("ld.param" + tail, o -> load(o, Access.Space.PARAM, type, count));
        t.put("ld" + tail, o -> load(o, Access.Space.GENERIC, type, count));
        t.put("st" + tail, o -> store(o, Access.Space.GENERIC, type, count));
      }
    }
  }

  private static int bytes(String type) {
    return Integer.parseInt(type.substring(1)) / 8;
  }

  private static Step load(Operands o, Access.Space space, String type, int count) {
    o.count(2, 2);
    int bytes = bytes(type);
    Access access = new Access(o, 1, space, bytes * count);
    int[] targets = o.parts(0).stream().mapToInt(p -> o.write(p, Math.max(16, 8 * bytes), 64)).toArray();
    if (targets.length != count) {
      throw o.instruction.fault(targets.length + " registers, not " + count);
    }
    boolean words = bytes == 4 && Arrays.stream(targets).allMatch(t -> t >= 0 && o.width(t) == 32);
    if (words && access.isShared()) {
      return new LoadSharedWords(access, targets);
    }
    if (words && count == 1) {
      return new LoadWord(access, targets[0]);
    }
    return new Load(access, targets, bytes, type.charAt(0) == 's', o);
  }

  private static Step store(Operands o, Access.Space space, String type, int count) {
    o.count(2, 2);
    int bytes = bytes(type);
    Access access = new Access(o, 0, space, bytes * count);
    int[] values = o.parts(1).stream().mapToInt(p -> o.read(p, Math.max(16, 8 * bytes), 64)).toArray();
    if (values.length != count) {
      throw o.instruction.fault(values.length + " registers, not " + count);
    }
    return new Store(access, values, bytes, o);
  }

  /** What kernels do most. */
  private static final class LoadSharedWords extends Step {
    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final Access access;
    private final int[] targets;

    LoadSharedWords(Access access, int[] targets) {
      this.access = access;
      this.targets = targets;
    }

    @Override
    void run(Warp w, int mask) {
      access.begin(w, mask);
      int[] places = w.wordScratch;
      access.sharedReads(w, mask, places);
      byte[] memory = w.group.sharedMemory;
      for (int i = 0; i < targets.length; i++) {
        int[] r = w.words[targets[i]];
        for (int m = mask; m != 0; m &= m - 1) {
          int l = Integer.numberOfTrailingZeros(m);
          r[l] = (int) WORD.get(memory, places[l] + 4 * i);
        }
        w.defined[targets[i]] |= mask;
      }
    }
  }

  private static final class LoadWord extends Step {
    private final Access access;
    private final int d;

    LoadWord(Access access, int d) {
      this.access = access;
      this.d = d;
    }

    @Override
    void run(Warp w, int mask) {
      access.begin(w, mask);
      int[] r = w.words[d];
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        MemorySegment memory = access.read(w, l);
        r[l] = memory.get(JAVA_INT_UNALIGNED, w.group.offset);
      }
      w.defined[d] |= mask;
    }
  }

  private static final class Load extends Step {
    private final Access access;
    private final int[] targets;
    private final int[] widths;
    private final int bytes;
    private final boolean signed;

    Load(Access access, int[] targets, int bytes, boolean signed, Operands o) {
      this.access = access;
      this.targets = targets;
      this.bytes = bytes;
      this.signed = signed;
      widths = new int[targets.length];
      for (int i = 0; i < widths.length; i++) {
        widths[i] = targets[i] < 0 ? 0 : o.width(targets[i]);
      }
    }

    @Override
    void run(Warp w, int mask) {
      access.begin(w, mask);
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        MemorySegment memory = access.read(w, l);
        long at = w.group.offset;
        for (int i = 0; i < targets.length; i++) {
          put(w, i, l, get(memory, at + (long) i * bytes));
        }
      }
      for (int t : targets) {
        if (t >= 0) {
          w.defined[t] |= mask;
        }
      }
    }

    private long get(MemorySegment memory, long at) {
      return switch (bytes) {
        case 1 -> signed ? memory.get(JAVA_BYTE, at) : memory.get(JAVA_BYTE, at) & 0xff;
        case 2 -> signed ? memory.get(JAVA_SHORT_UNALIGNED, at) : memory.get(JAVA_SHORT_UNALIGNED, at) & 0xffff;
        case 4 -> signed ? memory.get(JAVA_INT_UNALIGNED, at) : memory.get(JAVA_INT_UNALIGNED, at) & 0xffff_ffffL;
        default -> memory.get(JAVA_LONG_UNALIGNED, at);
      };
    }

    private void put(Warp w, int i, int l, long v) {
      switch (widths[i]) {
        case 16 -> w.words[targets[i]][l] = (int) v & 0xffff;
        case 32 -> w.words[targets[i]][l] = (int) v;
        case 64 -> w.longs[targets[i]][l] = v;
        default -> {
        }
      }
    }
  }

  private static final class Store extends Step {
    private final Access access;
    private final int[] values;
    private final boolean[] wide;
    private final int bytes;

    Store(Access access, int[] values, int bytes, Operands o) {
      this.access = access;
      this.values = values;
      this.bytes = bytes;
      wide = new boolean[values.length];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = o.width(values[i]) == 64;
      }
    }

    @Override
    void run(Warp w, int mask) {
      access.begin(w, mask);
      for (int v : values) {
        w.uses(v, mask);
      }
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        MemorySegment memory = access.write(w, l);
        long at = w.group.offset;
        for (int i = 0; i < values.length; i++) {
          long v = wide[i] ? w.longs[values[i]][l] : w.words[values[i]][l];
          set(memory, at + (long) i * bytes, v);
        }
      }
    }

    private void set(MemorySegment memory, long at, long v) {
      switch (bytes) {
        case 1 -> memory.set(JAVA_BYTE, at, (byte) v);
        case 2 -> memory.set(JAVA_SHORT_UNALIGNED, at, (short) v);
        case 4 -> memory.set(JAVA_INT_UNALIGNED, at, (int) v);
        default -> memory.set(JAVA_LONG_UNALIGNED, at, v);
      }
    }
  }
}
