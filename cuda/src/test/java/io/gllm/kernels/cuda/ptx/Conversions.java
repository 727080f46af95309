package io.gllm.kernels.cuda.ptx;

import java.util.List;
import java.util.Map;

/** {@code cvt}. Floats become integers clamped to the range, NaN zero up to 32 bits; wider registers are extended by the sign of their type. */
final class Conversions {
  private static final List<String> INTEGERS = List.of("u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64");

  private interface Rounding {
    double of(double v);
  }

  private static final Map<String, Rounding> ROUNDINGS = Map.of("rni", Math::rint, "rzi", v -> v < 0 ? Math.ceil(v) : Math.floor(v),
      "rmi", Math::floor, "rpi", Math::ceil);

  private Conversions() {}

  static void define(Opcodes t) {
    for (String to : INTEGERS) {
      for (String from : INTEGERS) {
        t.put("cvt." + to + "." + from, o -> integers(o, to, from, false));
        if (bits(to) <= 32 && !from.equals("u64")) {
          t.put("cvt.sat." + to + "." + from, o -> integers(o, to, from, true));
        }
      }
      t.put("cvt.rn.f32." + to, o -> toFloat(o, to));
      ROUNDINGS.forEach((name, rounding) -> {
        toInteger(t, "cvt." + name + "." + to + ".f32", to, rounding, false);
        toInteger(t, "cvt." + name + ".ftz." + to + ".f32", to, rounding, true);
      });
    }
    ROUNDINGS.forEach((name, r) -> t.int1("cvt." + name + ".f32.f32", "ww", a -> FloatOpcodes.bits((float) r.of(f(a)))));
    t.int1("cvt.sat.f32.f32", "ww", a -> f(a) > 0 ? Float.floatToRawIntBits(Math.min(f(a), 1)) : 0);
    t.int1("cvt.ftz.f32.f32", "ww", FloatOpcodes::flush);
    halves(t);
    for (String type : INTEGERS) {
      if (bits(type) <= 32) {
        halfIntegers(t, type);
      }
    }
  }

  /** An integer that no float holds exactly is beyond every f16, so that two roundings are one. */
  private static void halfIntegers(Opcodes t, String type) {
    Range range = Range.of(type);
    String signature = bits(type) == 32 ? "w" : "h";
    t.int1("cvt.rn.f16." + type, "h" + signature, a -> HalfOpcodes.toHalf(range.number(a)));
    ROUNDINGS.forEach((name, rounding) -> t.int1("cvt." + name + "." + type + ".f16", signature + "h",
        a -> range.clamp(rounding.of(HalfOpcodes.fromHalf(a)))));
  }

  /** The numbers of an integer type of up to 32 bits, in the low {@code bits} of a register. */
  private record Range(long low, long high, int bits) {
    static Range of(String type) {
      int most = Conversions.bits(type) - (signed(type) ? 1 : 0);
      return new Range(signed(type) ? -1L << most : 0, (1L << most) - 1, Conversions.bits(type));
    }

    int clamp(double v) {
      return (int) Math.clamp((long) v, low, high) & (bits == 32 ? -1 : 0xffff);
    }

    long number(int register) {
      int shift = 64 - bits;
      return low < 0 ? (long) register << shift >> shift : (long) register << shift >>> shift;
    }
  }

  private static float f(int bits) {
    return Float.intBitsToFloat(bits);
  }

  private static void halves(Opcodes t) {
    t.int1("cvt.f32.f16", "wh", a -> FloatOpcodes.bits(HalfOpcodes.fromHalf(a)));
    t.int1("cvt.f32.bf16", "wh", a -> FloatOpcodes.bits(HalfOpcodes.fromBfloat(a)));
    t.int1("cvt.rn.f16.f32", "hw", a -> HalfOpcodes.toHalf(f(a)));
    t.int1("cvt.rn.bf16.f32", "hw", a -> HalfOpcodes.toBfloat(f(a)));
    t.int2("cvt.rn.f16x2.f32", "www", (a, b) -> HalfOpcodes.toHalf(f(a)) << 16 | HalfOpcodes.toHalf(f(b)));
    t.int2("cvt.rn.bf16x2.f32", "www", (a, b) -> HalfOpcodes.toBfloat(f(a)) << 16 | HalfOpcodes.toBfloat(f(b)));
    t.int1("cvt.rna.tf32.f32", "ww", a -> f(a) != f(a) ? FloatOpcodes.NAN : a + 0x1000 & ~0x1fff);
  }

  private static int bits(String type) {
    return Integer.parseInt(type.substring(1));
  }

  private static boolean signed(String type) {
    return type.charAt(0) == 's';
  }

  private static Step integers(Operands o, String to, String from, boolean saturated) {
    o.count(2, 2);
    return new Integers(o.writeWider(0, bits(to)), o.readWider(1, bits(from)), to, from, saturated, o);
  }

  /** Integers of any width, in registers of any width. */
  private static final class Integers extends Step {
    private final int d;
    private final int a;
    private final int fromShift;
    private final boolean fromSigned;
    private final int toShift;
    private final boolean toSigned;
    private final long least;
    private final long most;
    private final int sourceWidth;
    private final int targetWidth;

    Integers(int d, int a, String to, String from, boolean saturated, Operands o) {
      this.d = d;
      this.a = a;
      fromShift = 64 - bits(from);
      fromSigned = signed(from);
      toShift = 64 - bits(to);
      toSigned = signed(to);
      least = !saturated ? Long.MIN_VALUE : toSigned ? -1L << bits(to) - 1 : 0;
      most = !saturated ? Long.MAX_VALUE : (1L << bits(to) - (toSigned ? 1 : 0)) - 1;
      sourceWidth = o.width(a);
      targetWidth = o.width(d);
    }

    private long of(long v) {
      long x = fromSigned ? v << fromShift >> fromShift : v << fromShift >>> fromShift;
      x = x < least ? least : x > most ? most : x;
      return toSigned ? x << toShift >> toShift : x << toShift >>> toShift;
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(a, mask);
      int[] x = w.words[a];
      long[] y = w.longs[a];
      if (targetWidth == 64) {
        long[] r = w.longTarget(d, mask);
        for (int l = 0; l < Warp.LANES; l++) {
          r[l] = of(sourceWidth == 64 ? y[l] : x[l]);
        }
        w.wroteLongs(d, mask);
      } else {
        int keep = targetWidth == 16 ? 0xffff : -1;
        int[] r = w.wordTarget(d, mask);
        for (int l = 0; l < Warp.LANES; l++) {
          r[l] = (int) of(sourceWidth == 64 ? y[l] : x[l]) & keep;
        }
        w.wroteWords(d, mask);
      }
    }
  }

  private static Step toFloat(Operands o, String from) {
    o.count(2, 2);
    int d = o.write(0, 32);
    int a = o.readWider(1, bits(from));
    int shift = 64 - bits(from);
    boolean wide = o.width(a) == 64;
    boolean signed = signed(from);
    return new Step() {
      @Override
      void run(Warp w, int mask) {
        w.uses(a, mask);
        int[] x = w.words[a];
        long[] y = w.longs[a];
        int[] r = w.wordTarget(d, mask);
        for (int l = 0; l < Warp.LANES; l++) {
          long v = (wide ? y[l] : x[l]) << shift;
          r[l] = Float.floatToRawIntBits(signed ? (float) (v >> shift) : unsigned(v >>> shift));
        }
        w.wroteWords(d, mask);
      }
    };
  }

  /** Half of a number of 64 bits, its last bit kept as a sticky one, rounds as the whole. */
  private static float unsigned(long v) {
    return v >= 0 ? (float) v : 2 * (float) (v >>> 1 | v & 1);
  }

  private static void toInteger(Opcodes t, String opcode, String to, Rounding rounding, boolean flushed) {
    if (bits(to) == 64) {
      t.widen(opcode, "dw", a -> wide(rounding.of(f(flushed ? FloatOpcodes.flush(a) : a)), signed(to)));
      return;
    }
    Range range = Range.of(to);
    t.int1(opcode, bits(to) == 32 ? "ww" : "hw", a -> range.clamp(rounding.of(f(flushed ? FloatOpcodes.flush(a) : a))));
  }

  /** NaN is the value in the middle of the range, as PTX 9.0 has it for 64 bits and not for fewer. */
  private static long wide(double v, boolean signed) {
    if (v != v) {
      return Long.MIN_VALUE;
    }
    if (signed || v < 0x1p63) {
      return signed || v > 0 ? (long) v : 0;
    }
    return v >= 0x1p64 ? -1 : (long) (v - 0x1p63) | Long.MIN_VALUE;
  }
}
