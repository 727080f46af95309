package io.gllm.kernels.cuda.ptx;

/** Logic, shifts, fields and permutations of bits. Counts of shifts are clamped, not taken modulo the width. */
final class BitOpcodes {
  private BitOpcodes() {}

  static void define(Opcodes t) {
    logic(t);
    shifts(t);
    fields(t);
    counts(t);
    t.int3("shf.l.wrap.b32", "wwww", (a, b, c) -> funnelLeft(a, b, c & 31));
    t.int3("shf.l.clamp.b32", "wwww", (a, b, c) -> funnelLeft(a, b, clamp(c, 32)));
    t.int3("shf.r.wrap.b32", "wwww", (a, b, c) -> funnelRight(a, b, c & 31));
    t.int3("shf.r.clamp.b32", "wwww", (a, b, c) -> funnelRight(a, b, clamp(c, 32)));
    t.int3("prmt.b32", "wwww", BitOpcodes::permute);
    t.int3("prmt.b32.f4e", "wwww", (a, b, c) -> permute(a, b, 0x3210 + 0x1111 * (c & 3)));
    t.int3("prmt.b32.b4e", "wwww", (a, b, c) -> permute(a, b, new int[]{0x5670, 0x6701, 0x7012, 0x0123}[c & 3]));
    t.int3("prmt.b32.rc8", "wwww", (a, b, c) -> permute(a, b, 0x1111 * (c & 3)));
    t.int3("prmt.b32.ecl", "wwww", (a, b, c) -> permute(a, b, new int[]{0x3210, 0x3211, 0x3222, 0x3333}[c & 3]));
    t.int3("prmt.b32.ecr", "wwww", (a, b, c) -> permute(a, b, new int[]{0x0000, 0x1110, 0x2210, 0x3210}[c & 3]));
    t.int3("prmt.b32.rc16", "wwww", (a, b, c) -> permute(a, b, (c & 1) == 0 ? 0x1010 : 0x3232));
    t.put("lop3.b32", BitOpcodes::lop3);
  }

  private static void logic(Opcodes t) {
    for (String[] s : new String[][]{{"b16", "hhh"}, {"b32", "www"}}) {
      t.int2("and." + s[0], s[1], (a, b) -> a & b);
      t.int2("or." + s[0], s[1], (a, b) -> a | b);
      t.int2("xor." + s[0], s[1], (a, b) -> a ^ b);
    }
    t.int1("not.b16", "hh", a -> ~a & 0xffff);
    t.int1("not.b32", "ww", a -> ~a);
    t.int1("cnot.b32", "ww", a -> a == 0 ? 1 : 0);
    t.long2("and.b64", "ddd", (a, b) -> a & b);
    t.long2("or.b64", "ddd", (a, b) -> a | b);
    t.long2("xor.b64", "ddd", (a, b) -> a ^ b);
    t.long1("not.b64", "dd", a -> ~a);
  }

  private static int clamp(int count, int most) {
    return Integer.compareUnsigned(count, most) > 0 ? most : count;
  }

  private static void shifts(Opcodes t) {
    t.int2("shl.b16", "hhw", (a, n) -> a << clamp(n, 16) & 0xffff);
    t.int2("shr.u16", "hhw", (a, n) -> a >>> clamp(n, 16));
    t.int2("shr.b16", "hhw", (a, n) -> a >>> clamp(n, 16));
    t.int2("shr.s16", "hhw", (a, n) -> (short) a >> clamp(n, 15) & 0xffff);
    t.int2("shl.b32", "www", (a, n) -> (n & ~31) != 0 ? 0 : a << n);
    t.int2("shr.u32", "www", (a, n) -> (n & ~31) != 0 ? 0 : a >>> n);
    t.int2("shr.b32", "www", (a, n) -> (n & ~31) != 0 ? 0 : a >>> n);
    t.int2("shr.s32", "www", (a, n) -> a >> clamp(n, 31));
    t.longShift("shl.b64", "ddw", (a, n) -> (n & ~63) != 0 ? 0 : a << n);
    t.longShift("shr.u64", "ddw", (a, n) -> (n & ~63) != 0 ? 0 : a >>> n);
    t.longShift("shr.b64", "ddw", (a, n) -> (n & ~63) != 0 ? 0 : a >>> n);
    t.longShift("shr.s64", "ddw", (a, n) -> a >> clamp(n, 63));
  }

  private static int funnelLeft(int low, int high, int n) {
    return (int) (pair(low, high) << n >>> 32);
  }

  private static int funnelRight(int low, int high, int n) {
    return (int) (pair(low, high) >>> n);
  }

  private static long pair(int low, int high) {
    return (long) high << 32 | low & 0xffff_ffffL;
  }

  private static void fields(Opcodes t) {
    t.int3("bfe.u32", "wwww", (a, at, n) -> (int) extract(a & 0xffff_ffffL, at & 255, n & 255, false));
    t.int3("bfe.s32", "wwww", (a, at, n) -> (int) extract(a, at & 255, n & 255, true));
    t.longField("bfe.u64", "ddww", (a, at, n) -> extract(a, at & 255, n & 255, false));
    t.longField("bfe.s64", "ddww", (a, at, n) -> extract(a, at & 255, n & 255, true));
    t.int4("bfi.b32", "wwwww", (a, b, at, n) -> insert(a, b, at & 255, n & 255));
    t.int2("bmsk.clamp.b32", "www", (at, n) -> insert(-1, 0, clamp(at, 32), clamp(n, 32)));
    t.int2("bmsk.wrap.b32", "www", (at, n) -> insert(-1, 0, at & 31, n & 31));
  }

  /** Bits from {@code at}; above the top there are copies of the top bit if signed (32 bits come sign-extended), else zeros. */
  private static long extract(long a, int at, int n, boolean signed) {
    if (n == 0) {
      return 0;
    }
    long v = signed ? a >> Math.min(at, 63) : at > 63 ? 0 : a >>> at;
    int spare = 64 - Math.min(n, 64);
    return signed ? v << spare >> spare : v << spare >>> spare;
  }

  private static int insert(int a, int b, int at, int n) {
    if (at >= 32) {
      return b;
    }
    int ones = (int) ((1L << Math.min(n, 32)) - 1) << at;
    return a << at & ones | b & ~ones;
  }

  private static void counts(Opcodes t) {
    t.int1("brev.b32", "ww", Integer::reverse);
    t.int1("popc.b32", "ww", Integer::bitCount);
    t.int1("clz.b32", "ww", Integer::numberOfLeadingZeros);
    t.int1("bfind.u32", "ww", a -> a == 0 ? -1 : 31 - Integer.numberOfLeadingZeros(a));
    t.int1("bfind.s32", "ww", a -> {
      int v = a < 0 ? ~a : a;
      return v == 0 ? -1 : 31 - Integer.numberOfLeadingZeros(v);
    });
    t.long1("brev.b64", "dd", Long::reverse);
    t.narrow("popc.b64", "wd", Long::bitCount);
    t.narrow("clz.b64", "wd", Long::numberOfLeadingZeros);
  }

  /** Each nibble of the selector picks one of eight bytes; its top bit spreads that byte's sign instead. */
  static int permute(int a, int b, int selector) {
    long bytes = pair(a, b);
    int result = 0;
    for (int i = 0; i < 4; i++) {
      int s = selector >>> 4 * i & 15;
      int value = (int) (bytes >>> 8 * (s & 7)) & 255;
      result |= ((s & 8) != 0 ? (byte) value < 0 ? 255 : 0 : value) << 8 * i;
    }
    return result;
  }

  private static Step lop3(Operands o) {
    o.count(5, 5);
    int table = o.constant(4);
    if (table < 0 || table > 255) {
      throw o.instruction.fault("a table of 8 bits");
    }
    return new Lop3(o.write(0, 32), o.read(1, 32), o.read(2, 32), o.read(3, 32), table);
  }

  private static final class Lop3 extends Step {
    private final int d;
    private final int a;
    private final int b;
    private final int c;
    private final int table;

    Lop3(int d, int a, int b, int c, int table) {
      this.d = d;
      this.a = a;
      this.b = b;
      this.c = c;
      this.table = table;
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      w.uses(b, mask);
      w.uses(c, mask);
      int[] x = w.words[a];
      int[] y = w.words[b];
      int[] z = w.words[c];
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = of(x[l], y[l], z[l]);
      }
      w.wroteWords(d, mask);
    }

    private int of(int x, int y, int z) {
      int r = 0;
      for (int i = 0; i < 8; i++) {
        int term = ((i & 4) != 0 ? x : ~x) & ((i & 2) != 0 ? y : ~y) & ((i & 1) != 0 ? z : ~z);
        r |= (table >> i & 1) != 0 ? term : 0;
      }
      return r;
    }
  }
}
