package io.gllm.kernels.cuda.ptx;

import static java.lang.Float.intBitsToFloat;

import java.util.List;
import java.util.function.Supplier;

/** {@code setp}, with the predicate that it may be combined with and the second result, its opposite. */
final class Comparisons {
  private static final List<String> COMBINATIONS = List.of("", ".and", ".or", ".xor");

  private Comparisons() {}

  /** A test for each width: one that called another would be called through an interface for every lane. */
  static void define(Opcodes t) {
    equality(t);
    signed(t, "lt", (a, b) -> a < b, (a, b) -> a < b, (a, b) -> (short) a < (short) b);
    signed(t, "le", (a, b) -> a <= b, (a, b) -> a <= b, (a, b) -> (short) a <= (short) b);
    signed(t, "gt", (a, b) -> a > b, (a, b) -> a > b, (a, b) -> (short) a > (short) b);
    signed(t, "ge", (a, b) -> a >= b, (a, b) -> a >= b, (a, b) -> (short) a >= (short) b);
    unsigned(t, "lt", "lo", (a, b) -> Long.compareUnsigned(a, b) < 0, (a, b) -> Integer.compareUnsigned(a, b) < 0, (a, b) -> a < b);
    unsigned(t, "le", "ls", (a, b) -> Long.compareUnsigned(a, b) <= 0, (a, b) -> Integer.compareUnsigned(a, b) <= 0, (a, b) -> a <= b);
    unsigned(t, "gt", "hi", (a, b) -> Long.compareUnsigned(a, b) > 0, (a, b) -> Integer.compareUnsigned(a, b) > 0, (a, b) -> a > b);
    unsigned(t, "ge", "hs", (a, b) -> Long.compareUnsigned(a, b) >= 0, (a, b) -> Integer.compareUnsigned(a, b) >= 0, (a, b) -> a >= b);
    floats(t);
  }

  private static void equality(Opcodes t) {
    for (String kind : new String[]{"s", "u", "b"}) {
      longs(t, "eq", kind + "64", (a, b) -> a == b);
      longs(t, "ne", kind + "64", (a, b) -> a != b);
      ints(t, "eq", kind + "32", 32, (a, b) -> a == b);
      ints(t, "ne", kind + "32", 32, (a, b) -> a != b);
      ints(t, "eq", kind + "16", 16, (a, b) -> (short) a == (short) b);
      ints(t, "ne", kind + "16", 16, (a, b) -> (short) a != (short) b);
    }
  }

  private static void signed(Opcodes t, String name, Loops.LongTest longs, Loops.IntTest ints, Loops.IntTest shorts) {
    longs(t, name, "s64", longs);
    ints(t, name, "s32", 32, ints);
    ints(t, name, "s16", 16, shorts);
  }

  private static void unsigned(Opcodes t, String name, String other, Loops.LongTest longs, Loops.IntTest ints, Loops.IntTest shorts) {
    for (String either : new String[]{name, other}) {
      longs(t, either, "u64", longs);
      ints(t, either, "u32", 32, ints);
      ints(t, either, "u16", 16, shorts);
    }
  }

  private interface FloatTest {
    boolean of(float a, float b);
  }

  /** A comparison with NaN is false; of the u forms it is true. */
  private static void floats(Opcodes t) {
    floats(t, "eq", (a, b) -> intBitsToFloat(a) == intBitsToFloat(b), (a, b) -> a == b);
    floats(t, "lt", (a, b) -> intBitsToFloat(a) < intBitsToFloat(b), (a, b) -> a < b);
    floats(t, "le", (a, b) -> intBitsToFloat(a) <= intBitsToFloat(b), (a, b) -> a <= b);
    floats(t, "gt", (a, b) -> intBitsToFloat(a) > intBitsToFloat(b), (a, b) -> a > b);
    floats(t, "ge", (a, b) -> intBitsToFloat(a) >= intBitsToFloat(b), (a, b) -> a >= b);
    floats(t, "ne", (a, b) -> a < b || a > b);
    floats(t, "equ", (a, b) -> !(a < b || a > b));
    floats(t, "ltu", (a, b) -> !(a >= b));
    floats(t, "leu", (a, b) -> !(intBitsToFloat(a) > intBitsToFloat(b)), (a, b) -> !(a > b));
    floats(t, "gtu", (a, b) -> !(intBitsToFloat(a) <= intBitsToFloat(b)), (a, b) -> !(a <= b));
    floats(t, "geu", (a, b) -> !(a < b));
    floats(t, "neu", (a, b) -> a != b);
    floats(t, "num", (a, b) -> a == a && b == b);
    floats(t, "nan", (a, b) -> a != a || b != b);
  }

  private static void floats(Opcodes t, String name, FloatTest test) {
    floats(t, name, (a, b) -> test.of(intBitsToFloat(a), intBitsToFloat(b)), test);
  }

  private static void floats(Opcodes t, String name, Loops.IntTest direct, FloatTest test) {
    ints(t, name, "f32", 32, direct);
    ints(t, name, "ftz.f32", 32,
        (a, b) -> test.of(intBitsToFloat(FloatOpcodes.flush(a)), intBitsToFloat(FloatOpcodes.flush(b))));
    ints(t, name, "f16", 16, (a, b) -> test.of(HalfOpcodes.fromHalf(a), HalfOpcodes.fromHalf(b)));
  }

  private static void ints(Opcodes t, String name, String type, int width, Loops.IntTest test) {
    define(t, name, type, width, Opcodes.once(() -> Loops.specialise(Loops.IntTestLoop.class, Loops.IntTest.class, test)));
  }

  private static void longs(Opcodes t, String name, String type, Loops.LongTest test) {
    define(t, name, type, 64, Opcodes.once(() -> Loops.specialise(Loops.LongTestLoop.class, Loops.LongTest.class, test)));
  }

  private static void define(Opcodes t, String name, String type, int width, Supplier<Loops.Maker> loop) {
    for (String combination : COMBINATIONS) {
      boolean plain = combination.isEmpty();
      String[] place = type.startsWith("ftz.") ? new String[]{".ftz", type.substring(4)} : new String[]{"", type};
      t.put("setp." + name + combination + place[0] + "." + place[1], o -> {
        o.count(plain ? 3 : 4, plain ? 3 : 4);
        String[] results = o.text(0).split("\\|");
        int p = o.write(results[0].strip(), 1, 1);
        int q = results.length > 1 ? o.write(results[1].strip(), 1, 1) : -1;
        int a = o.read(1, width);
        int b = o.read(2, width);
        if (plain && q < 0 && p >= 0) {
          return loop.get().of(p, a, b);
        }
        int scratch = o.entry.registers.add("the comparison", 1);
        boolean negated = !plain && o.text(3).startsWith("!");
        int c = plain ? -1 : o.read(negated ? o.text(3).substring(1).strip() : o.text(3), 1, 1);
        return new Combined(loop.get().of(scratch, a, b), scratch, combination, p, q, c, negated);
      });
    }
  }

  /** The comparison with another predicate, and its opposite with it. */
  private static final class Combined extends Step {
    private final Step test;
    private final int scratch;
    private final String combination;
    private final int p;
    private final int q;
    private final int c;
    private final boolean negated;

    Combined(Step test, int scratch, String combination, int p, int q, int c, boolean negated) {
      this.test = test;
      this.scratch = scratch;
      this.combination = combination;
      this.p = p;
      this.q = q;
      this.c = c;
      this.negated = negated;
    }

    @Override
    void run(Warp w, int mask) {
      test.run(w, mask);
      int result = w.predicates[scratch];
      int other = 0;
      if (c >= 0) {
        w.uses(c, mask);
        other = negated ? ~w.predicates[c] : w.predicates[c];
      }
      if (p >= 0) {
        w.wrotePredicate(p, combine(result, other), mask);
      }
      if (q >= 0) {
        w.wrotePredicate(q, combine(~result, other), mask);
      }
    }

    private int combine(int result, int other) {
      return switch (combination) {
        case ".and" -> result & other;
        case ".or" -> result | other;
        case ".xor" -> result ^ other;
        default -> result;
      };
    }
  }
}
