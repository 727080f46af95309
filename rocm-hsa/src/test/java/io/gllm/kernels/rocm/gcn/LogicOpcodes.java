package io.gllm.kernels.rocm.gcn;

import java.util.Map;

/**
 * The scalar instructions that masks of lanes are made with, on 32 and 64 bits: bits that nothing has written do not matter where the
 * other operand decides.
 */
final class LogicOpcodes {
  private interface Logic {
    long of(long a, long b);
  }

  /** Which bits of a result are known, from the operands and their known bits. */
  private interface Known {
    long of(long a, long knownA, long b, long knownB);
  }

  private LogicOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    logic(table, "and", (a, b) -> a & b, (a, x, b, y) -> x & y | x & ~a | y & ~b);
    logic(table, "or", (a, b) -> a | b, (a, x, b, y) -> x & y | x & a | y & b);
    logic(table, "xor", (a, b) -> a ^ b, (a, x, b, y) -> x & y);
    logic(table, "and_not1", (a, b) -> a & ~b, (a, x, b, y) -> x & y | x & ~a | y & b);
    logic(table, "or_not1", (a, b) -> a | ~b, (a, x, b, y) -> x & y | x & a | y & ~b);
    logic(table, "nand", (a, b) -> ~(a & b), (a, x, b, y) -> x & y | x & ~a | y & ~b);
    logic(table, "nor", (a, b) -> ~(a | b), (a, x, b, y) -> x & y | x & a | y & b);
    logic(table, "xnor", (a, b) -> ~(a ^ b), (a, x, b, y) -> x & y);
    for (int words = 1; words <= 2; words++) {
      int n = words;
      String type = "_b" + 32 * n;
      table.put("s_mov" + type, o -> new Both(o.scalarResult(0, n), o.scalar(1, n), Wave.NULL, n, false, (a, b) -> a, (a, x, b, y) -> x));
      table.put("s_not" + type, o -> new Both(o.scalarResult(0, n), o.scalar(1, n), Wave.NULL, n, true, (a, b) -> ~a, (a, x, b, y) -> x));
      table.put("s_cselect" + type, o -> new Select(o.scalarResult(0, n), o.scalar(1, n), o.scalar(2, n), n));
    }
    shift(table, "s_lshl_b64", (a, b) -> a << b);
    shift(table, "s_lshr_b64", (a, b) -> a >>> b);
    table.put("s_add_nc_u64", o -> new Both(o.scalarResult(0, 2), o.scalar(1, 2), o.scalar(2, 2), 2, false, Long::sum, LogicOpcodes::all));
    table.put("s_mul_u64",
        o -> new Both(o.scalarResult(0, 2), o.scalar(1, 2), o.scalar(2, 2), 2, false, (a, b) -> a * b, LogicOpcodes::all));
  }

  private static long all(long a, long x, long b, long y) {
    return (x & y) == -1 ? -1 : 0;
  }

  private static void logic(Map<String, Decode> table, String name, Logic logic, Known known) {
    for (int words = 1; words <= 2; words++) {
      int n = words;
      table.put("s_" + name + "_b" + 32 * n, o -> new Both(o.scalarResult(0, n), o.scalar(1, n), o.scalar(2, n), n, true, logic, known));
      table.put("s_" + name + "_saveexec_b" + 32 * n, o -> {
        if (n != o.chip.lanes() / 32) {
          throw new GcnFault("is for waves of another size");
        }
        return new SaveExec(o.mask(0), o.scalar(1, n), logic, known);
      });
    }
  }

  private static void shift(Map<String, Decode> table, String opcode, Logic logic) {
    table.put(opcode, o -> {
      int result = o.scalarResult(0, 2);
      int value = o.scalar(1, 2);
      return new Shift(result, value, o.scalar(2, 1), logic);
    });
  }

  private static void setScc(Wave w, long value, long known, long bits) {
    w.setScc((value & bits) != 0, (known & bits) == bits || (value & known & bits) != 0);
  }

  private static final class Both extends Op {
    private final int result;
    private final int a;
    private final int b;
    private final int words;
    private final boolean setsScc;
    private final Logic logic;
    private final Known known;

    Both(int result, int a, int b, int words, boolean setsScc, Logic logic, Known known) {
      this.result = result;
      this.a = a;
      this.b = b;
      this.words = words;
      this.setsScc = setsScc;
      this.logic = logic;
      this.known = known;
    }

    @Override
    void run(Wave w) {
      if (words == 1) {
        long value = logic.of(w.s[a], w.s[b]);
        long bits = known.of(w.s[a], w.scalarKnown[a], w.s[b], w.scalarKnown[b]);
        w.write32(result, (int) value, (int) bits);
        if (setsScc) {
          setScc(w, value, bits, 0xffffffffL);
        }
        return;
      }
      long x = w.read64(a);
      long y = b == Wave.NULL ? 0 : w.read64(b);
      long value = logic.of(x, y);
      long bits = known.of(x, w.known64(a), y, b == Wave.NULL ? -1 : w.known64(b));
      w.write64(result, value, bits);
      if (setsScc) {
        setScc(w, value, bits, -1);
      }
    }
  }

  private static final class Shift extends Op {
    private final int result;
    private final int value;
    private final int by;
    private final Logic logic;

    Shift(int result, int value, int by, Logic logic) {
      this.result = result;
      this.value = value;
      this.by = by;
      this.logic = logic;
    }

    @Override
    void run(Wave w) {
      boolean known = w.known64(value) == -1 && w.scalarKnown[by] == -1;
      long out = logic.of(w.read64(value), w.s[by] & 63);
      w.write64(result, out, known ? -1 : 0);
      w.setScc(out != 0, known);
    }
  }

  private static final class Select extends Op {
    private final int result;
    private final int a;
    private final int b;
    private final int words;

    Select(int result, int a, int b, int words) {
      this.result = result;
      this.a = a;
      this.b = b;
      this.words = words;
    }

    @Override
    void run(Wave w) {
      int from = w.scc() ? a : b;
      if (words == 1) {
        w.write32(result, w.s[from], w.scalarKnown[from]);
      } else {
        w.write64(result, w.read64(from), w.known64(from));
      }
    }
  }

  /** The mask of lanes is kept in a register and narrowed, widened or turned. */
  private static final class SaveExec extends Op {
    private final int saved;
    private final int mask;
    private final Logic logic;
    private final Known known;

    SaveExec(int saved, int mask, Logic logic, Known known) {
      this.saved = saved;
      this.mask = mask;
      this.logic = logic;
      this.known = known;
    }

    @Override
    void run(Wave w) {
      long bits = w.readMask(mask);
      long exec = w.exec();
      long knownBits = known.of(bits, w.knownMask(mask) | ~w.all, exec, -1);
      w.writeMask(saved, exec, -1);
      w.setExec(logic.of(bits, exec), knownBits);
      w.setScc(w.exec() != 0, true);
    }
  }
}
