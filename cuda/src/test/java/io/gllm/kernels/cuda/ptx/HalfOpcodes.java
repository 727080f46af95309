package io.gllm.kernels.cuda.ptx;

/** Arithmetic of f16 and bf16, alone and in pairs: computed exactly, or so that rounding once more changes nothing. */
final class HalfOpcodes {
  private interface Format {
    float decode(int bits);

    /** To nearest, ties to even; every NaN is 0x7fff. */
    int encode(float value);
  }

  private static final Format F16 = new Format() {
    @Override
    public float decode(int bits) {
      return Float.float16ToFloat((short) bits);
    }

    @Override
    public int encode(float v) {
      return v != v ? 0x7fff : Float.floatToFloat16(v) & 0xffff;
    }
  };

  private static final Format BF16 = new Format() {
    @Override
    public float decode(int bits) {
      return Float.intBitsToFloat(bits << 16);
    }

    @Override
    public int encode(float v) {
      int b = Float.floatToRawIntBits(v);
      return v != v ? 0x7fff : b + 0x7fff + (b >>> 16 & 1) >>> 16;
    }
  };

  private HalfOpcodes() {}

  static float fromHalf(int bits) {
    return F16.decode(bits);
  }

  static int toHalf(float v) {
    return F16.encode(v);
  }

  static float fromBfloat(int bits) {
    return BF16.decode(bits);
  }

  static int toBfloat(float v) {
    return BF16.encode(v);
  }

  static void define(Opcodes t) {
    for (String rn : new String[]{"", ".rn"}) {
      define(t, "add" + rn + ".f16", F16, (a, b) -> a + b);
      define(t, "sub" + rn + ".f16", F16, (a, b) -> a - b);
      define(t, "mul" + rn + ".f16", F16, (a, b) -> a * b);
    }
    for (String op : new String[]{"add", "sub", "mul"}) {
      t.approximate(op + ".f16");
      t.approximate(op + ".f16x2");
    }
    fma(t, "fma.rn.f16", F16);
    fma(t, "fma.rn.bf16", BF16);
    for (String type : new String[]{"f16", "bf16"}) {
      t.int1("neg." + type, "hh", a -> a ^ 0x8000);
      t.int1("abs." + type, "hh", a -> a & 0x7fff);
      t.int1("neg." + type + "x2", "ww", a -> a ^ 0x8000_8000);
      t.int1("abs." + type + "x2", "ww", a -> a & 0x7fff_7fff);
      Format f = type.equals("f16") ? F16 : BF16;
      define(t, "min." + type, f, HalfOpcodes::least);
      define(t, "max." + type, f, HalfOpcodes::most);
    }
  }

  private static float least(float a, float b) {
    return Float.intBitsToFloat(FloatOpcodes.least(Float.floatToRawIntBits(a), Float.floatToRawIntBits(b)));
  }

  private static float most(float a, float b) {
    return Float.intBitsToFloat(FloatOpcodes.most(Float.floatToRawIntBits(a), Float.floatToRawIntBits(b)));
  }

  private interface Float2 {
    float of(float a, float b);
  }

  /** A float has more than twice the bits of a half and two more: its rounding of a sum or product does no harm. */
  private static void define(Opcodes t, String opcode, Format f, Float2 op) {
    Loops.Int2 one = (a, b) -> f.encode(op.of(f.decode(a & 0xffff), f.decode(b & 0xffff)));
    t.int2(opcode, "hhh", one);
    t.int2(opcode + "x2", "www", (a, b) -> one.of(a, b) | one.of(a >>> 16, b >>> 16) << 16);
  }

  private static void fma(Opcodes t, String opcode, Format f) {
    Loops.Int3 one = (a, b, c) -> f.encode(fma(f.decode(a & 0xffff), f.decode(b & 0xffff), f.decode(c & 0xffff)));
    t.int3(opcode, "hhhh", one);
    t.int3(opcode + "x2", "wwww", (a, b, c) -> one.of(a, b, c) | one.of(a >>> 16, b >>> 16, c >>> 16) << 16);
  }

  /** The product is exact in double; sum and conversion are rounded to odd, so that the last rounding is the only one. */
  static float fma(float a, float b, float c) {
    double product = (double) a * b;
    double sum = product + c;
    if (Double.isNaN(sum) || Double.isInfinite(sum)) {
      return (float) sum;
    }
    double part = sum - product;
    double lost = product - (sum - part) + (c - part);
    long bits = Double.doubleToRawLongBits(sum);
    if (lost != 0 && (bits & 1) == 0) {
      bits += lost > 0 == sum > 0 ? 1 : -1;
    }
    double odd = Double.longBitsToDouble(bits);
    float f = (float) odd;
    int g = Float.floatToRawIntBits(f);
    if (f != odd && (g & 1) == 0) {
      g += Math.abs(odd) > Math.abs((double) f) ? 1 : -1;
    }
    return Float.intBitsToFloat(g);
  }
}
