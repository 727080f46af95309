package io.gllm.kernels.cuda.ptx;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Map;

/** {@code atom} and {@code red}, lane by lane, and fences. */
final class Atomics {
  private interface Update {
    long of(long old, long value);
  }

  private Atomics() {}

  static void define(Opcodes t) {
    updates("s32", true).forEach((op, f) -> define(t, op + ".s32", 32, f));
    updates("u32", false).forEach((op, f) -> define(t, op + ".u32", 32, f));
    updates("u64", false).forEach((op, f) -> define(t, op + ".u64", 64, f));
    define(t, "and.b32", 32, (a, b) -> a & b);
    define(t, "or.b32", 32, (a, b) -> a | b);
    define(t, "xor.b32", 32, (a, b) -> a ^ b);
    define(t, "exch.b32", 32, (a, b) -> b);
    define(t, "exch.b64", 64, (a, b) -> b);
    define(t, "inc.u32", 32, (a, b) -> Integer.compareUnsigned((int) a, (int) b) >= 0 ? 0 : a + 1);
    define(t, "dec.u32", 32, (a, b) -> a == 0 || Integer.compareUnsigned((int) a, (int) b) > 0 ? b : a - 1);
    define(t, "add.f32", 32,
        (a, b) -> FloatOpcodes.bits(Float.intBitsToFloat((int) a) + Float.intBitsToFloat((int) b)) & 0xffff_ffffL);
    forms("atom", "add.f32").forEach((name, space) -> t.approximate(name));
    forms("red", "add.f32").forEach((name, space) -> t.approximate(name));
    forms("atom", "cas.b32").forEach((name, space) -> t.put(name, o -> new Atomic(o, space, 32, true, true, null)));
    for (String fence : new String[]{"membar.cta", "membar.gl", "membar.sys", "fence.acq_rel.cta", "fence.acq_rel.gpu", "fence.sc.cta",
      "fence.sc.gpu"}) {
      t.put(fence, o -> {
        o.count(0, 0);
        return new Step() {
          @Override
          void run(Warp w, int mask) {}
        };
      });
    }
  }

  private static Map<String, Update> updates(String type, boolean signed) {
    return Map.of("add", (a, b) -> a + b, "min", (a, b) -> (signed ? Long.compare(a, b) : Long.compareUnsigned(a, b)) < 0 ? a : b,
        "max", (a, b) -> (signed ? Long.compare(a, b) : Long.compareUnsigned(a, b)) > 0 ? a : b);
  }

  private static Map<String, Access.Space> forms(String base, String op) {
    return Map.of(base + ".global." + op, Access.Space.GLOBAL, base + ".shared." + op, Access.Space.SHARED,
        base + ".relaxed.gpu.global." + op, Access.Space.GLOBAL, base + ".relaxed.cta.shared." + op, Access.Space.SHARED);
  }

  private static void define(Opcodes t, String op, int width, Update update) {
    boolean signed = op.endsWith("s32");
    forms("atom", op).forEach((name, space) -> t.put(name, o -> new Atomic(o, space, width, signed, true, update)));
    forms("red", op).forEach((name, space) -> t.put(name, o -> new Atomic(o, space, width, signed, false, update)));
  }

  /** One operation of all lanes; without an update it is compare-and-swap. */
  private static final class Atomic extends Step {
    private final Access access;
    private final int d;
    private final int value;
    private final int swap;
    private final int width;
    private final boolean signed;
    private final Update update;

    Atomic(Operands o, Access.Space space, int width, boolean signed, boolean returns, Update update) {
      int n = (returns ? 3 : 2) + (update == null ? 1 : 0);
      o.count(n, n);
      int first = returns ? 1 : 0;
      access = new Access(o, first, space, width / 8);
      d = returns ? o.write(0, width) : -1;
      value = o.read(first + 1, width);
      swap = update == null ? o.read(first + 2, width) : value;
      this.width = width;
      this.signed = signed;
      this.update = update;
    }

    @Override
    void run(Warp w, int mask) {
      access.begin(w, mask);
      w.uses(value, mask);
      w.uses(swap, mask);
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        MemorySegment memory = access.atomic(w, l);
        if (width == 64) {
          wide(w, l, memory);
        } else {
          word(w, l, memory);
        }
      }
      if (d >= 0) {
        w.defined[d] |= mask;
      }
    }

    private void word(Warp w, int l, MemorySegment memory) {
      int old = memory.get(JAVA_INT_UNALIGNED, w.group.offset);
      int v = w.words[value][l];
      int next = update == null ? old == v ? w.words[swap][l] : old : (int) update.of(extended(old), extended(v));
      memory.set(JAVA_INT_UNALIGNED, w.group.offset, next);
      if (d >= 0) {
        w.words[d][l] = old;
      }
    }

    private long extended(int v) {
      return signed ? v : v & 0xffff_ffffL;
    }

    private void wide(Warp w, int l, MemorySegment memory) {
      long old = memory.get(JAVA_LONG_UNALIGNED, w.group.offset);
      memory.set(JAVA_LONG_UNALIGNED, w.group.offset, update.of(old, w.longs[value][l]));
      if (d >= 0) {
        w.longs[d][l] = old;
      }
    }
  }
}
