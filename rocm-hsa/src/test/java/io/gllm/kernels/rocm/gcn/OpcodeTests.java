package io.gllm.kernels.rocm.gcn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;

/** Tests of opcodes, each against what it should compute, on waves of 64 and of 32 lanes. */
final class OpcodeTests {
  /** What the lower 32 bits of a result should be. */
  interface Word {
    long of(long a, long b, long c);
  }

  private static final List<String> CHIPS = List.of("gfx90a", "gfx1100");
  private static final long[] MASKS = {-1, 0x6666_5555_0f0f_3333L};

  final List<DynamicTest> tests = new ArrayList<>();
  /** The opcodes that are tested. */
  final Set<String> opcodes = new HashSet<>();
  /** Whether the tests that follow take any NaN for any other. */
  boolean anyNaN;

  /** A vector instruction with a result of 32 bits; lanes that are not executing keep what they have. */
  void word(String code, long[][] in, Word expected) {
    vector(code, in, 0xffffffffL, CHIPS, expected);
  }

  /** A vector instruction with a result of 64 bits. */
  void wide(String code, long[][] in, Word expected) {
    vector(code, in, -1, CHIPS, expected);
  }

  void vector(String code, long[][] in, long changed, List<String> chips, Word expected) {
    Arrays.stream(code.split("\n")).forEach(line -> opcodes.add(Names.normal(Line.parse(line).opcode())));
    boolean floats = anyNaN;
    for (String chip : chips) {
      tests.add(dynamicTest(chip + " " + code.replace("\n", "; "), () -> {
        int lanes = Chip.of(chip).lanes();
        for (long mask : MASKS) {
          long[] got = Snippet.vector(chip, code, mask, in);
          for (int i = 0; i < got.length; i++) {
            boolean runs = (mask >>> i % lanes & 1) != 0;
            long e = runs ? expected.of(at(in, 0, i), at(in, 1, i), at(in, 2, i)) : Snippet.BEFORE;
            long all = e & changed | Snippet.BEFORE & ~changed;
            assertEquals(hex(all, floats), hex(got[i], floats), message(code, in, i));
          }
        }
      }));
    }
  }

  /** A scalar instruction; what it writes above 32 bits is compared only if it is {@code wide}. */
  void scalar(String code, boolean wide, long[][] in, Word expected) {
    Arrays.stream(code.split("\n")).forEach(line -> opcodes.add(Names.normal(Line.parse(line).opcode())));
    boolean floats = anyNaN;
    for (String chip : CHIPS) {
      tests.add(dynamicTest(chip + " " + code.replace("\n", "; "), () -> {
        long[] got = Snippet.scalar(chip, code, in);
        for (int i = 0; i < got.length; i++) {
          long e = expected.of(at(in, 0, i), at(in, 1, i), at(in, 2, i));
          assertEquals(hex(wide ? e : e & 0xffffffffL | Snippet.BEFORE << 32, floats), hex(got[i], floats), message(code, in, i));
        }
      }));
    }
  }

  private static String hex(long value, boolean floats) {
    return floats
        ? Integer.toHexString(Float.floatToIntBits(Float.intBitsToFloat((int) (value >>> 32)))) + " "
            + Integer.toHexString(Float.floatToIntBits(Float.intBitsToFloat((int) value)))
        : Long.toHexString(value);
  }

  private static long at(long[][] in, int operand, int i) {
    return operand < in.length ? in[operand][i] : 0;
  }

  private static String message(String code, long[][] in, int i) {
    return code + " of " + Arrays.stream(in).map(column -> Long.toHexString(column[i])).toList();
  }
}
