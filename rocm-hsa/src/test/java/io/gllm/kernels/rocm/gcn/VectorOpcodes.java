package io.gllm.kernels.rocm.gcn;

import static java.lang.Float.floatToRawIntBits;
import static java.lang.Float.intBitsToFloat;

import java.util.Map;

/** The instructions that compute 32 bits in each lane from up to three operands. */
final class VectorOpcodes {
  private static final Loops.Maker COPY = Loops.specialise(Loops.Loop1.class, Loops.Int1.class, (Loops.Int1) a -> a);

  private VectorOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    moves(table);
    integers(table);
    bits(table);
    three(table);
    dots(table);
    shorts(table);
    floats(table);
    conversions(table);
  }

  private static void one(Map<String, Decode> table, String opcode, Loops.Int1 op) {
    one(table, opcode, false, op);
  }

  private static void one(Map<String, Decode> table, String opcode, boolean half, Loops.Int1 op) {
    Loops.Maker maker = Loops.specialise(Loops.Loop1.class, Loops.Int1.class, op);
    table.put(opcode, o -> maker.of(new Loops.Registers(o.result(0, 1), o.resultShift(), o.source(1, half), null, null)));
  }

  private static void two(Map<String, Decode> table, String opcode, Loops.Int2 op) {
    Loops.Maker maker = Loops.specialise(Loops.Loop2.class, Loops.Int2.class, op);
    table.put(opcode, o -> maker.of(new Loops.Registers(o.result(0, 1), o.resultShift(), o.source(1), o.source(2), null)));
  }

  private static void three(Map<String, Decode> table, String opcode, Loops.Int3 op) {
    Loops.Maker maker = Loops.specialise(Loops.Loop3.class, Loops.Int3.class, op);
    table.put(opcode, o -> maker.of(new Loops.Registers(o.result(0, 1), 0, o.source(1), o.source(2), o.source(3))));
  }

  /** Copies an operand into a row. */
  static Op copy(int result, Source from) {
    return COPY.of(new Loops.Registers(result, 0, from, null, null));
  }

  private static void moves(Map<String, Decode> table) {
    one(table, "v_mov_b32", a -> a);
    one(table, "v_not_b32", a -> ~a);
  }

  private static void integers(Map<String, Decode> table) {
    two(table, "v_add_nc_u32", (a, b) -> a + b);
    difference(table);
    two(table, "v_subrev_nc_u32", (a, b) -> b - a);
    two(table, "v_mul_lo_u32", (a, b) -> a * b);
    two(table, "v_mul_hi_u32", (a, b) -> (int) ((a & 0xffffffffL) * (b & 0xffffffffL) >>> 32));
    two(table, "v_mul_hi_u32_u24", (a, b) -> (int) ((a & 0xffffffL) * (b & 0xffffffL) >>> 32));
    two(table, "v_mul_i32_i24", (a, b) -> (a << 8 >> 8) * (b << 8 >> 8));
    two(table, "v_mul_u32_u24", (a, b) -> (a & 0xffffff) * (b & 0xffffff));
    two(table, "v_min_u32", (a, b) -> a + 0x80000000 < b + 0x80000000 ? a : b);
    two(table, "v_max_u32", (a, b) -> a + 0x80000000 > b + 0x80000000 ? a : b);
    two(table, "v_min_i32", Math::min);
    two(table, "v_max_i32", Math::max);
  }

  /** Clamped, no less than zero. */
  private static void difference(Map<String, Decode> table) {
    Loops.Maker plain = Loops.specialise(Loops.Loop2.class, Loops.Int2.class, (Loops.Int2) (a, b) -> a - b);
    Loops.Maker clamped = Loops.specialise(Loops.Loop2.class, Loops.Int2.class,
        (Loops.Int2) (a, b) -> a + 0x80000000 < b + 0x80000000 ? 0 : a - b);
    table.put("v_sub_nc_u32", o -> (o.flag("clamp") ? clamped : plain)
        .of(new Loops.Registers(o.result(0, 1), o.resultShift(), o.source(1), o.source(2), null)));
  }

  private static void bits(Map<String, Decode> table) {
    two(table, "v_and_b32", (a, b) -> a & b);
    two(table, "v_or_b32", (a, b) -> a | b);
    two(table, "v_xor_b32", (a, b) -> a ^ b);
    two(table, "v_lshlrev_b32", (a, b) -> b << a);
    two(table, "v_lshrrev_b32", (a, b) -> b >>> a);
    two(table, "v_ashrrev_i32", (a, b) -> b >> a);
  }

  private static void three(Map<String, Decode> table) {
    three(table, "v_bfe_u32", (a, b, c) -> a >>> b & (1 << c) - 1);
    three(table, "v_bfe_i32", VectorOpcodes::signedField);
    three(table, "v_and_or_b32", (a, b, c) -> a & b | c);
    three(table, "v_lshl_or_b32", (a, b, c) -> a << b | c);
    three(table, "v_lshl_add_u32", (a, b, c) -> (a << b) + c);
    three(table, "v_add_lshl_u32", (a, b, c) -> a + b << c);
    three(table, "v_add3_u32", (a, b, c) -> a + b + c);
    three(table, "v_or3_b32", (a, b, c) -> a | b | c);
    three(table, "v_xor3_b32", (a, b, c) -> a ^ b ^ c);
    three(table, "v_xad_u32", (a, b, c) -> (a ^ b) + c);
    three(table, "v_mad_u32_u24", (a, b, c) -> (a & 0xffffff) * (b & 0xffffff) + c);
    three(table, "v_mad_i32_i24", (a, b, c) -> (a << 8 >> 8) * (b << 8 >> 8) + c);
    three(table, "v_alignbit_b32", (a, b, c) -> (int) (((a & 0xffffffffL) << 32 | b & 0xffffffffL) >>> (c & 31)));
    three(table, "v_perm_b32", VectorOpcodes::permute);
    three(table, "v_max3_u32", (a, b, c) -> max(max(a, b), c));
    three(table, "v_med3_u32", (a, b, c) -> max(min(a, b), min(max(a, b), c)));
  }

  /** Sums of products of signed bytes: added to the result, or to a third operand, where a modifier says which bytes are signed. */
  private static void dots(Map<String, Decode> table) {
    Loops.Maker dot = Loops.specialise(Loops.Loop3.class, Loops.Int3.class, (Loops.Int3) VectorOpcodes::dot);
    table.put("v_dot4c_i32_i8", o -> {
      int result = o.result(0, 1);
      return dot.of(new Loops.Registers(result, 0, o.source(1), o.source(2), Source.ofRow(result)));
    });
    table.put("v_dot4_i32_i8", o -> dot.of(new Loops.Registers(o.result(0, 1), 0, o.source(1), o.source(2), o.source(3))));
    table.put("v_dot4_i32_iu8", o -> {
      if (o.bits("neg_lo", 0) != 3) {
        throw new GcnFault("of bytes without a sign is not modelled");
      }
      return dot.of(new Loops.Registers(o.result(0, 1), 0, o.source(1), o.source(2), o.source(3)));
    });
  }

  private static int dot(int a, int b, int c) {
    return (byte) a * (byte) b + (byte) (a >> 8) * (byte) (b >> 8) + (byte) (a >> 16) * (byte) (b >> 16) + (a >> 24) * (b >> 24) + c;
  }

  private static int min(int a, int b) {
    return a + 0x80000000 < b + 0x80000000 ? a : b;
  }

  private static int max(int a, int b) {
    return a + 0x80000000 < b + 0x80000000 ? b : a;
  }

  /** {@code c} bits of {@code a} from bit {@code b}, their sign extended; bits beyond the highest are copies of it. */
  private static int signedField(int a, int b, int c) {
    int width = c & 31;
    int at = b & 31;
    int unused = Math.max(0, 32 - at - width);
    return width == 0 ? 0 : a << unused >> unused + at;
  }

  /** Each byte of {@code c} chooses a byte of {@code b} (0 to 3) or {@code a} (4 to 7), a sign, 0 (12) or 255. */
  private static int permute(int a, int b, int c) {
    long bytes = (a & 0xffffffffL) << 32 | b & 0xffffffffL;
    int out = 0;
    for (int i = 0; i < 32; i += 8) {
      int choice = c >>> i & 255;
      int sign = (int) (bytes >> 16 * (choice & 3) + 15 & 1) * 255;
      int value = choice < 8 ? (int) (bytes >>> 8 * choice) & 255 : choice < 12 ? sign : choice == 12 ? 0 : 255;
      out |= value << i;
    }
    return out;
  }

  /** Those of 16 bits clear the upper half of the result on GFX9 and leave it later. */
  private static void shorts(Map<String, Decode> table) {
    half(table, "v_add_nc_u16", (a, b, old) -> old | a + b & 0xffff);
    half(table, "v_sub_nc_u16", (a, b, old) -> old | a - b & 0xffff);
    half(table, "v_lshlrev_b16", (a, b, old) -> old | b << (a & 15) & 0xffff);
  }

  private static void half(Map<String, Decode> table, String opcode, Loops.Int3 op) {
    Loops.Maker clears = Loops.specialise(Loops.Loop3.class, Loops.Int3.class, (Loops.Int3) (a, b, c) -> op.of(a, b, 0));
    Loops.Maker keeps = Loops.specialise(Loops.Loop3.class, Loops.Int3.class, (Loops.Int3) (a, b, c) -> op.of(a, b, c & 0xffff0000));
    table.put(opcode, o -> {
      int result = o.result(0, 1);
      Source a = o.source(1);
      Source b = o.source(2);
      // what stays in the upper half may be unknown: nothing reads it then but by mistake, and what was known before does not tell
      return o.chip.keepsUpperHalf()
          ? keeps.of(new Loops.Registers(result, 0, a, b, Source.ofRow(result)))
          : clears.of(new Loops.Registers(result, 0, a, b, a));
    });
  }

  /** Each written out: a loop is fast if all it calls is of one kind. */
  private static void floats(Map<String, Decode> table) {
    two(table, "v_add_f32", (a, b) -> floatToRawIntBits(intBitsToFloat(a) + intBitsToFloat(b)));
    two(table, "v_sub_f32", (a, b) -> floatToRawIntBits(intBitsToFloat(a) - intBitsToFloat(b)));
    two(table, "v_subrev_f32", (a, b) -> floatToRawIntBits(intBitsToFloat(b) - intBitsToFloat(a)));
    two(table, "v_mul_f32", (a, b) -> floatToRawIntBits(intBitsToFloat(a) * intBitsToFloat(b)));
    two(table, "v_max_f32", (a, b) -> greater(a, b) ? a : b);
    two(table, "v_min_f32", (a, b) -> less(a, b) ? a : b);
    three(table, "v_max3_f32", (a, b, c) -> greater(greater(a, b) ? a : b, c) ? greater(a, b) ? a : b : c);
    one(table, "v_rcp_iflag_f32", a -> floatToRawIntBits(reciprocal(intBitsToFloat(a))));
  }

  /** Whether the greater of two numbers is the first one; NaN is none, and -0 lies below 0. */
  static boolean greater(int a, int b) {
    return !isNaN(a) && (isNaN(b) || ordered(a) > ordered(b));
  }

  static boolean less(int a, int b) {
    return !isNaN(a) && (isNaN(b) || ordered(a) < ordered(b));
  }

  private static boolean isNaN(int bits) {
    return (bits & 0x7fffffff) > 0x7f800000;
  }

  /** Integers in the order of numbers, with -0 before 0. */
  private static int ordered(int bits) {
    return bits ^ (bits >> 31 & 0x7fffffff);
  }

  /**
   * The reciprocal with an error below one unit in the last place, which is all that devices promise: for half of the operands the
   * farther neighbour of the exact one, so that integer division, the one user, has to correct it.
   */
  static float reciprocal(float a) {
    float nearest = 1 / a;
    float error = Math.fma(nearest, a, -1f) * Math.signum(a);
    boolean far = Integer.bitCount(floatToRawIntBits(a) * 0x9e3779b1) % 2 == 1;
    return !far || !Float.isFinite(nearest) || nearest == 0 || error == 0
        ? nearest
        : error > 0 ? Math.nextDown(nearest) : Math.nextUp(nearest);
  }

  private static void conversions(Map<String, Decode> table) {
    one(table, "v_cvt_f32_i32", a -> floatToRawIntBits(a));
    one(table, "v_cvt_f32_u32", a -> floatToRawIntBits(a & 0xffffffffL));
    for (int i = 0; i < 4; i++) {
      int shift = 8 * i;
      one(table, "v_cvt_f32_ubyte" + i, a -> floatToRawIntBits(a >>> shift & 255));
    }
    one(table, "v_cvt_i32_f32", a -> (int) intBitsToFloat(a));
    one(table, "v_cvt_u32_f32", a -> (int) Math.min((long) Math.max(intBitsToFloat(a), 0f), 0xffffffffL));
    one(table, "v_cvt_f32_f16", true, a -> floatToRawIntBits(Float.float16ToFloat((short) a)));
    toHalf(table);
    two(table, "v_pack_b32_f16", (a, b) -> a & 0xffff | b << 16);
  }

  private static void toHalf(Map<String, Decode> table) {
    Loops.Maker clears = Loops.specialise(Loops.Loop1.class, Loops.Int1.class, (Loops.Int1) VectorOpcodes::half);
    table.put("v_cvt_f16_f32", o -> {
      int result = o.result(0, 1);
      int shift = o.resultShift();
      Source a = o.source(1);
      return o.chip.keepsUpperHalf() ? new ToHalf(result, a) : clears.of(new Loops.Registers(result, shift, a, null, null));
    });
  }

  private static int half(int a) {
    return Float.floatToFloat16(intBitsToFloat(a)) & 0xffff;
  }

  /** A conversion that leaves the upper half as it is, which may be unknown: nothing reads it then but by mistake. */
  private static final class ToHalf extends Op {
    private final int result;
    private final Source a;

    ToHalf(int result, Source a) {
      this.result = result;
      this.a = a;
    }

    @Override
    void run(Wave w) {
      long known = a.known(w);
      int[] in = a.lanes(w, 0);
      int[] out = w.v[result];
      for (long rest = w.exec(); rest != 0; rest &= rest - 1) {
        int l = Long.numberOfTrailingZeros(rest);
        out[l] = out[l] & 0xffff0000 | half(in[l]);
      }
      w.wrote(result, known);
    }
  }
}
