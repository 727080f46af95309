package io.gllm.kernels.rocm.gcn;

import static java.lang.Float.intBitsToFloat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Instructions between lanes and masks: a comparison shows as 1 or 0 through a choice. */
class MaskOpcodesTest {
  private static final String CHOOSE = "\nv_cndmask_b32 %d, 0, 1, %m";

  private interface Order {
    /** For less, equal, greater: -1, 0, 1; for unordered 2. */
    boolean of(int order);
  }

  private static final Map<String, Order> TESTS = Map.ofEntries(Map.entry("lt", o -> o == -1), Map.entry("le", o -> o == -1 || o == 0),
      Map.entry("gt", o -> o == 1), Map.entry("ge", o -> o == 0 || o == 1), Map.entry("eq", o -> o == 0), Map.entry("ne", o -> o != 0),
      Map.entry("neq", o -> o != 0), Map.entry("lg", o -> o == -1 || o == 1), Map.entry("nlt", o -> o != -1),
      Map.entry("nle", o -> o > 0), Map.entry("ngt", o -> o != 1), Map.entry("nge", o -> o == -1 || o == 2), Map.entry("o", o -> o != 2),
      Map.entry("u", o -> o == 2));

  /** Comparisons of f32: 1 where they hold. */
  static final Map<String, OpcodeTests.Word> FLOAT_TESTS = new TreeMap<>();

  static {
    for (String name : List.of("lt", "le", "gt", "ge", "eq", "neq", "lg", "nlt", "nle", "ngt", "nge", "o", "u")) {
      Order test = TESTS.get(name);
      FLOAT_TESTS.put(name, (a, b, c) -> test.of(order(intBitsToFloat((int) a), intBitsToFloat((int) b))) ? 1 : 0);
    }
  }

  static OpcodeTests all() {
    OpcodeTests t = new OpcodeTests();
    for (String name : List.of("lt", "le", "gt", "ge", "eq", "ne")) {
      Order test = TESTS.get(name);
      compare(t, name + "_u32", Values.words(2), (a, b, c) -> test.of(Long.compare(a, b)) ? 1 : 0);
      compare(t, name + "_i32", Values.words(2), (a, b, c) -> test.of(Integer.compare((int) a, (int) b)) ? 1 : 0);
    }
    FLOAT_TESTS.forEach((name, test) -> {
      compare(t, name + "_f32", Values.floats(2), test);
      compare(t, name + "_f16", Values.halves(2), (a, b, c) -> test.of(wide(a), wide(b), 0));
    });
    t.word("v_cmp_gt_f16 %m, 1.0, %a" + CHOOSE, Values.halves(1), (a, b, c) -> Float.float16ToFloat((short) a) < 1 ? 1 : 0);
    t.word("v_cmp_gt_f16 %m, |%a|, -%b" + CHOOSE, Values.halves(2),
        (a, b, c) -> Math.abs(Float.float16ToFloat((short) a)) > -Float.float16ToFloat((short) b) ? 1 : 0);
    choices(t);
    carries(t);
    return t;
  }

  private static long wide(long half) {
    return Float.floatToRawIntBits(Float.float16ToFloat((short) half));
  }

  private static int order(float a, float b) {
    if (Float.isNaN(a) || Float.isNaN(b)) {
      return 2;
    }
    return Float.isInfinite(a) || Float.isInfinite(b) ? Double.compare(a, b) : new BigDecimal(a).compareTo(new BigDecimal(b));
  }

  private static void compare(OpcodeTests t, String name, long[][] in, OpcodeTests.Word expected) {
    t.word("v_cmp_" + name + " %m, %a, %b" + CHOOSE, in, expected);
    t.vector("v_cmpx_" + name + " %a, %b\nv_mov_b32 %d, 1", in, 0xffffffffL, List.of("gfx1100"),
        (a, b, c) -> expected.of(a, b, c) == 1 ? 1 : Snippet.BEFORE);
  }

  private static void choices(OpcodeTests t) {
    long[][] three = Values.words(3);
    t.word("v_cmp_gt_u32 %v, %a, %b\nv_cndmask_b32 %d, %b, %c", three, (a, b, c) -> a > b ? c : b);
    t.word("v_cmp_gt_u32 %m, %a, %b\nv_cndmask_b32_e64 %d, -%b, |%c|, %m", three,
        (a, b, c) -> a > b ? c & 0x7fffffffL : b ^ 0x80000000L);
  }

  private static void carries(OpcodeTests t) {
    long[][] three = Values.words(3);
    t.word("v_add_co_u32 %d, %m, %a, %b", three, (a, b, c) -> a + b);
    t.word("v_add_co_u32 %c, %m, %a, %b" + CHOOSE, three, (a, b, c) -> a + b >> 32);
    t.word("v_cmp_lt_u32 %m, %b, %c\nv_add_co_ci_u32 %d, %v, %a, %b, %m", three, (a, b, c) -> a + b + (b < c ? 1 : 0));
    t.word("v_cmp_lt_u32 %m, %b, %c\nv_add_co_ci_u32 %c, %v, %a, %b, %m\nv_cndmask_b32 %d, 0, 1", three,
        (a, b, c) -> a + b + (b < c ? 1 : 0) >> 32);
  }

  @TestFactory
  List<DynamicTest> opcodes() {
    return all().tests;
  }

  @Test
  void theFirstLaneIsTheLowestThatExecutes() {
    for (String chip : List.of("gfx90a", "gfx1100")) {
      long[] in = Values.words(1)[0];
      String code = "v_readfirstlane_b32 s20, %a\nv_mov_b32 %d, s20";
      int lanes = Chip.of(chip).lanes();
      for (int first : new int[]{0, 5, 31}) {
        long[] got = Snippet.vector(chip, code, -1L << first, in);
        for (int i = 0; i < got.length; i++) {
          assertEquals(i % lanes < first ? 0x5a5a5a5a : (int) in[i / lanes * lanes + first], (int) got[i]);
        }
      }
    }
  }
}
