package io.gllm.kernels.cuda.ptx;

/** Integer arithmetic. Registers of 16 bits hold their value without a sign. */
final class IntegerOpcodes {
  private IntegerOpcodes() {}

  static void define(Opcodes t) {
    words(t);
    halves(t);
    doubles(t);
    products(t);
    divisions(t);
    dots(t);
  }

  private static void words(Opcodes t) {
    for (String s : new String[]{"s32", "u32"}) {
      t.int2("add." + s, "www", (a, b) -> a + b);
      t.int2("sub." + s, "www", (a, b) -> a - b);
      t.int2("mul.lo." + s, "www", (a, b) -> a * b);
      t.int3("mad.lo." + s, "wwww", (a, b, c) -> a * b + c);
    }
    t.int2("add.sat.s32", "www", (a, b) -> saturated((long) a + b));
    t.int2("sub.sat.s32", "www", (a, b) -> saturated((long) a - b));
    t.int1("neg.s32", "ww", a -> -a);
    t.int1("abs.s32", "ww", Math::abs);
    t.int2("min.s32", "www", Math::min);
    t.int2("max.s32", "www", Math::max);
    t.int2("min.u32", "www", (a, b) -> Integer.compareUnsigned(a, b) < 0 ? a : b);
    t.int2("max.u32", "www", (a, b) -> Integer.compareUnsigned(a, b) > 0 ? a : b);
    t.int3("sad.s32", "wwww", (a, b, c) -> c + (a < b ? b - a : a - b));
    t.int3("sad.u32", "wwww", (a, b, c) -> c + (Integer.compareUnsigned(a, b) < 0 ? b - a : a - b));
  }

  static int saturated(long v) {
    return Math.clamp(v, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  private static void halves(Opcodes t) {
    for (String s : new String[]{"s16", "u16"}) {
      t.int2("add." + s, "hhh", (a, b) -> a + b & 0xffff);
      t.int2("sub." + s, "hhh", (a, b) -> a - b & 0xffff);
      t.int2("mul.lo." + s, "hhh", (a, b) -> a * b & 0xffff);
      t.int3("mad.lo." + s, "hhhh", (a, b, c) -> a * b + c & 0xffff);
    }
    t.int1("neg.s16", "hh", a -> -a & 0xffff);
    t.int1("abs.s16", "hh", a -> Math.abs((short) a) & 0xffff);
    t.int2("min.s16", "hhh", (a, b) -> (short) a < (short) b ? a : b);
    t.int2("max.s16", "hhh", (a, b) -> (short) a > (short) b ? a : b);
    t.int2("min.u16", "hhh", Math::min);
    t.int2("max.u16", "hhh", Math::max);
  }

  private static void doubles(Opcodes t) {
    for (String s : new String[]{"s64", "u64"}) {
      t.long2("add." + s, "ddd", (a, b) -> a + b);
      t.long2("sub." + s, "ddd", (a, b) -> a - b);
      t.long2("mul.lo." + s, "ddd", (a, b) -> a * b);
      t.long3("mad.lo." + s, "dddd", (a, b, c) -> a * b + c);
    }
    t.long1("neg.s64", "dd", a -> -a);
    t.long1("abs.s64", "dd", Math::abs);
    t.long2("min.s64", "ddd", Math::min);
    t.long2("max.s64", "ddd", Math::max);
    t.long2("min.u64", "ddd", (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b);
    t.long2("max.u64", "ddd", (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b);
  }

  private static void products(Opcodes t) {
    t.int2("mul.hi.s32", "www", (a, b) -> (int) ((long) a * b >> 32));
    t.int2("mul.hi.u32", "www", (a, b) -> (int) (u(a) * u(b) >>> 32));
    t.int3("mad.hi.s32", "wwww", (a, b, c) -> (int) ((long) a * b >> 32) + c);
    t.int3("mad.hi.u32", "wwww", (a, b, c) -> (int) (u(a) * u(b) >>> 32) + c);
    t.int2("mul.hi.s16", "hhh", (a, b) -> (short) a * (short) b >> 16 & 0xffff);
    t.int2("mul.hi.u16", "hhh", (a, b) -> a * b >>> 16);
    t.long2("mul.hi.s64", "ddd", Math::multiplyHigh);
    t.long2("mul.hi.u64", "ddd", Math::unsignedMultiplyHigh);
    t.wide2("mul.wide.s32", "dww", (a, b) -> (long) a * b);
    t.wide2("mul.wide.u32", "dww", (a, b) -> u(a) * u(b));
    t.int2("mul.wide.s16", "whh", (a, b) -> (short) a * (short) b);
    t.int2("mul.wide.u16", "whh", (a, b) -> a * b);
    t.wide3("mad.wide.s32", "dwwd", (a, b, c) -> (long) a * b + c);
    t.wide3("mad.wide.u32", "dwwd", (a, b, c) -> u(a) * u(b) + c);
    t.int3("mad.wide.s16", "whhw", (a, b, c) -> (short) a * (short) b + c);
    t.int3("mad.wide.u16", "whhw", (a, b, c) -> a * b + c);
    t.int2("mul24.lo.s32", "www", (a, b) -> (a << 8 >> 8) * (b << 8 >> 8));
    t.int2("mul24.lo.u32", "www", (a, b) -> (a & 0xffffff) * (b & 0xffffff));
  }

  static long u(int a) {
    return a & 0xffff_ffffL;
  }

  /** The quotient by zero is not specified by PTX: a step of its own refuses it before the loop runs. */
  private static void divisions(Opcodes t) {
    t.int2("div.s32", "www", (a, b) -> b == 0 ? -1 : a / b);
    t.int2("div.u32", "www", (a, b) -> b == 0 ? -1 : Integer.divideUnsigned(a, b));
    t.int2("rem.s32", "www", (a, b) -> b == 0 ? a : a % b);
    t.int2("rem.u32", "www", (a, b) -> b == 0 ? a : Integer.remainderUnsigned(a, b));
    t.int2("div.s16", "hhh", (a, b) -> b == 0 ? 0xffff : (short) a / (short) b & 0xffff);
    t.int2("div.u16", "hhh", (a, b) -> b == 0 ? 0xffff : a / b);
    t.int2("rem.s16", "hhh", (a, b) -> b == 0 ? a : (short) a % (short) b & 0xffff);
    t.int2("rem.u16", "hhh", (a, b) -> b == 0 ? a : a % b);
    t.long2("div.s64", "ddd", (a, b) -> b == 0 ? -1 : a / b);
    t.long2("div.u64", "ddd", (a, b) -> b == 0 ? -1 : Long.divideUnsigned(a, b));
    t.long2("rem.s64", "ddd", (a, b) -> b == 0 ? a : a % b);
    t.long2("rem.u64", "ddd", (a, b) -> b == 0 ? a : Long.remainderUnsigned(a, b));
    for (String type : new String[]{"s16", "u16", "s32", "u32", "s64", "u64"}) {
      t.guard("div." + type, IntegerOpcodes::refuseZero);
      t.guard("rem." + type, IntegerOpcodes::refuseZero);
    }
  }

  private static void refuseZero(Warp w, int divisor, int mask) {
    w.uses(divisor, mask);
    for (int m = mask; m != 0; m &= m - 1) {
      int l = Integer.numberOfTrailingZeros(m);
      if (w.entry.registers.width(divisor) == 64 ? w.longs[divisor][l] == 0 : w.words[divisor][l] == 0) {
        throw new LaneFault(l, "divides by zero");
      }
    }
  }

  private static void dots(Opcodes t) {
    t.int3("dp4a.s32.s32", "wwww", (a, b, c) -> c + dot(a, b, true, true));
    t.int3("dp4a.s32.u32", "wwww", (a, b, c) -> c + dot(a, b, true, false));
    t.int3("dp4a.u32.s32", "wwww", (a, b, c) -> c + dot(a, b, false, true));
    t.int3("dp4a.u32.u32", "wwww", (a, b, c) -> c + dot(a, b, false, false));
  }

  private static int dot(int a, int b, boolean signedA, boolean signedB) {
    int sum = 0;
    for (int i = 0; i < 32; i += 8) {
      sum += (signedA ? (byte) (a >> i) : a >> i & 255) * (signedB ? (byte) (b >> i) : b >> i & 255);
    }
    return sum;
  }
}
