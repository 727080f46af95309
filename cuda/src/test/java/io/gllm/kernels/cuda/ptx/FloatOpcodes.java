package io.gllm.kernels.cuda.ptx;

import static java.lang.Float.intBitsToFloat;

/** Arithmetic of f32. A NaN that an operation makes is 0x7fffffff, as the hardware's is. */
final class FloatOpcodes {
  static final int NAN = 0x7fffffff;

  private FloatOpcodes() {}

  /** The bits of a result. */
  static int bits(float v) {
    return v != v ? NAN : Float.floatToRawIntBits(v);
  }

  private static float f(int bits) {
    return intBitsToFloat(bits);
  }

  /** A subnormal is zero of its sign. */
  static int flush(int bits) {
    return (bits & 0x7f80_0000) == 0 ? bits & 0x8000_0000 : bits;
  }

  static void define(Opcodes t) {
    t.int2("add.rn.f32", "www", (a, b) -> bits(f(a) + f(b)));
    t.int2("sub.rn.f32", "www", (a, b) -> bits(f(a) - f(b)));
    t.int2("mul.rn.f32", "www", (a, b) -> bits(f(a) * f(b)));
    t.int2("add.f32", "www", (a, b) -> bits(f(a) + f(b)));
    t.int2("sub.f32", "www", (a, b) -> bits(f(a) - f(b)));
    t.int2("mul.f32", "www", (a, b) -> bits(f(a) * f(b)));
    t.approximate("add.f32");
    t.approximate("sub.f32");
    t.approximate("mul.f32");
    t.int3("fma.rn.f32", "wwww", (a, b, c) -> bits(Math.fma(f(a), f(b), f(c))));
    t.int2("div.rn.f32", "www", (a, b) -> bits(f(a) / f(b)));
    t.int1("rcp.rn.f32", "ww", a -> bits(1 / f(a)));
    t.int1("sqrt.rn.f32", "ww", a -> bits((float) Math.sqrt(f(a))));
    t.int1("neg.f32", "ww", a -> a ^ 0x8000_0000);
    t.int1("abs.f32", "ww", a -> a & 0x7fff_ffff);
    t.int1("neg.ftz.f32", "ww", a -> flush(a) ^ 0x8000_0000);
    t.int2("copysign.f32", "www", (a, b) -> a & 0x8000_0000 | b & 0x7fff_ffff);
    t.int2("min.f32", "www", FloatOpcodes::least);
    t.int2("max.f32", "www", FloatOpcodes::most);
    t.int2("min.NaN.f32", "www", (a, b) -> bits(Math.min(f(a), f(b))));
    t.int2("max.NaN.f32", "www", (a, b) -> bits(Math.max(f(a), f(b))));
    approximations(t);
    flushing(t);
  }

  /** A number wins over a NaN, and -0 is below +0. */
  static int least(int a, int b) {
    return f(a) != f(a) ? bits(f(b)) : f(b) != f(b) ? a : bits(Math.min(f(a), f(b)));
  }

  static int most(int a, int b) {
    return f(a) != f(a) ? bits(f(b)) : f(b) != f(b) ? a : bits(Math.max(f(a), f(b)));
  }

  /** The hardware's own results differ from these in the last bits. */
  private static void approximations(Opcodes t) {
    for (String ftz : new String[]{"", ".ftz"}) {
      boolean z = !ftz.isEmpty();
      approximation(t, "ex2.approx" + ftz + ".f32", z, a -> bits((float) Math.pow(2, f(a))));
      approximation(t, "lg2.approx" + ftz + ".f32", z, a -> bits((float) (Math.log(f(a)) / Math.log(2))));
      approximation(t, "rsqrt.approx" + ftz + ".f32", z, a -> bits((float) (1 / Math.sqrt(f(a)))));
      approximation(t, "sqrt.approx" + ftz + ".f32", z, a -> bits((float) Math.sqrt(f(a))));
      approximation(t, "rcp.approx" + ftz + ".f32", z, a -> bits(1 / f(a)));
      approximation(t, "sin.approx" + ftz + ".f32", z, a -> bits((float) Math.sin(f(a))));
      approximation(t, "cos.approx" + ftz + ".f32", z, a -> bits((float) Math.cos(f(a))));
      for (String precision : new String[]{"approx", "full"}) {
        String div = "div." + precision + ftz + ".f32";
        t.int2(div, "www", z ? (a, b) -> flush(bits(f(flush(a)) / f(flush(b)))) : (a, b) -> bits(f(a) / f(b)));
        t.approximate(div);
      }
    }
    approximation(t, "tanh.approx.f32", false, a -> bits((float) Math.tanh(f(a))));
  }

  private static void approximation(Opcodes t, String opcode, boolean flushed, Loops.Int1 op) {
    t.int1(opcode, "ww", flushed ? a -> flush(op.of(flush(a))) : op);
    t.approximate(opcode);
  }

  /** Not what a CPU computes, though every device agrees. */
  private static void flushing(Opcodes t) {
    for (String rn : new String[]{"", ".rn"}) {
      t.int2("add" + rn + ".ftz.f32", "www", (a, b) -> flush(bits(f(flush(a)) + f(flush(b)))));
      t.int2("sub" + rn + ".ftz.f32", "www", (a, b) -> flush(bits(f(flush(a)) - f(flush(b)))));
      t.int2("mul" + rn + ".ftz.f32", "www", (a, b) -> flush(bits(f(flush(a)) * f(flush(b)))));
    }
    t.int3("fma.rn.ftz.f32", "wwww", (a, b, c) -> flush(bits(Math.fma(f(flush(a)), f(flush(b)), f(flush(c))))));
    t.int2("min.ftz.f32", "www", (a, b) -> least(flush(a), flush(b)));
    t.int2("max.ftz.f32", "www", (a, b) -> most(flush(a), flush(b)));
    for (String op : new String[]{"add", "sub", "mul", "add.rn", "sub.rn", "mul.rn", "fma.rn", "min", "max", "neg"}) {
      t.approximate(op + ".ftz.f32");
    }
  }
}
