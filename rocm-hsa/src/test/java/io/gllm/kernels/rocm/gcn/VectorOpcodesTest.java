package io.gllm.kernels.rocm.gcn;

import static java.lang.Integer.toUnsignedLong;

import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Integer instructions of lanes, their operands and modifiers. */
class VectorOpcodesTest {
  private static final long[][] TWO = Values.words(2);
  private static final long[][] THREE = Values.words(3);
  private static final List<String> GFX9 = List.of("gfx90a");
  private static final List<String> GFX11 = List.of("gfx1100");

  static OpcodeTests all() {
    OpcodeTests t = new OpcodeTests();
    sums(t);
    products(t);
    bits(t);
    fields(t);
    wide(t);
    operands(t);
    return t;
  }

  @TestFactory
  List<DynamicTest> opcodes() {
    return all().tests;
  }

  private static void sums(OpcodeTests t) {
    t.word("v_mov_b32 %d, %a", TWO, (a, b, c) -> a);
    t.word("v_not_b32 %d, %a", TWO, (a, b, c) -> -1 - a);
    t.word("v_add_nc_u32 %d, %a, %b", TWO, (a, b, c) -> a + b);
    t.word("v_sub_nc_u32 %d, %a, %b", TWO, (a, b, c) -> a - b);
    t.word("v_sub_nc_u32 %d, %a, %b clamp", TWO, (a, b, c) -> Math.max(0, a - b));
    t.word("v_subrev_nc_u32 %d, %a, %b", TWO, (a, b, c) -> b - a);
    t.word("v_add3_u32 %d, %a, %b, %c", THREE, (a, b, c) -> a + b + c);
    t.word("v_min_u32 %d, %a, %b", TWO, (a, b, c) -> Math.min(a, b));
    t.word("v_max_u32 %d, %a, %b", TWO, (a, b, c) -> Math.max(a, b));
    t.word("v_min_i32 %d, %a, %b", TWO, (a, b, c) -> Math.min((int) a, (int) b));
    t.word("v_max_i32 %d, %a, %b", TWO, (a, b, c) -> Math.max((int) a, (int) b));
    t.word("v_max3_u32 %d, %a, %b, %c", THREE, (a, b, c) -> Math.max(a, Math.max(b, c)));
    t.word("v_med3_u32 %d, %a, %b, %c", THREE,
        (a, b, c) -> a + b + c - Math.max(a, Math.max(b, c)) - Math.min(a, Math.min(b, c)));
    for (String op : List.of("v_add_nc_u16", "v_sub_nc_u16")) {
      OpcodeTests.Word sum = (a, b, c) -> (op.contains("add") ? a + b : a - b) & 0xffff;
      t.vector(op + " %d, %a, %b", TWO, 0xffffffffL, GFX9, sum);
      t.vector(op + " %d, %a, %b", TWO, 0xffff, GFX11, sum);
    }
  }

  private static void products(OpcodeTests t) {
    t.word("v_mul_lo_u32 %d, %a, %b", TWO, (a, b, c) -> a * b);
    t.word("v_mul_hi_u32 %d, %a, %b", TWO, (a, b, c) -> BigInteger.valueOf(a).multiply(BigInteger.valueOf(b)).shiftRight(32).longValue());
    t.word("v_mul_u32_u24 %d, %a, %b", TWO, (a, b, c) -> a % (1 << 24) * (b % (1 << 24)));
    t.word("v_mad_u32_u24 %d, %a, %b, %c", THREE, (a, b, c) -> a % (1 << 24) * (b % (1 << 24)) + c);
    t.word("v_mul_hi_u32_u24 %d, %a, %b", TWO, (a, b, c) -> a % (1 << 24) * (b % (1 << 24)) >> 32);
    t.word("v_mul_i32_i24 %d, %a, %b", TWO, (a, b, c) -> signed24(a) * signed24(b));
    t.word("v_mad_i32_i24 %d, %a, %b, %c", THREE, (a, b, c) -> signed24(a) * signed24(b) + c);
    t.vector("v_mov_b32 %d, %c\nv_dot4c_i32_i8 %d, %a, %b", THREE, 0xffffffffL, GFX9, VectorOpcodesTest::dot);
    t.vector("v_dot4_i32_i8 %d, %a, %b, %c", THREE, 0xffffffffL, GFX9, VectorOpcodesTest::dot);
    t.vector("v_dot4_i32_iu8 %d, %a, %b, %c neg_lo:[1,1,0]", THREE, 0xffffffffL, GFX11, VectorOpcodesTest::dot);
  }

  private static long signed24(long a) {
    return a % (1 << 24) - (a >> 23 & 1) * (1 << 24);
  }

  private static long dot(long a, long b, long c) {
    long sum = c;
    for (int i = 0; i < 32; i += 8) {
      sum += ((a >> i) % 256 - (a >> i + 7 & 1) * 256) * ((b >> i) % 256 - (b >> i + 7 & 1) * 256);
    }
    return sum;
  }

  private static void bits(OpcodeTests t) {
    t.word("v_and_b32 %d, %a, %b", TWO, (a, b, c) -> a & b);
    t.word("v_or_b32 %d, %a, %b", TWO, (a, b, c) -> a | b);
    t.word("v_xor_b32 %d, %a, %b", TWO, (a, b, c) -> a ^ b);
    t.word("v_and_or_b32 %d, %a, %b, %c", THREE, (a, b, c) -> a & b | c);
    t.word("v_or3_b32 %d, %a, %b, %c", THREE, (a, b, c) -> a | b | c);
    t.word("v_xor3_b32 %d, %a, %b, %c", THREE, (a, b, c) -> a ^ b ^ c);
    t.word("v_xad_u32 %d, %a, %b, %c", THREE, (a, b, c) -> (a ^ b) + c);
    t.word("v_lshlrev_b32 %d, %a, %b", TWO, (a, b, c) -> b << a % 32);
    t.word("v_lshrrev_b32 %d, %a, %b", TWO, (a, b, c) -> b >> a % 32);
    t.word("v_ashrrev_i32 %d, %a, %b", TWO, (a, b, c) -> (long) (int) b >> a % 32);
    t.vector("v_lshlrev_b16 %d, %a, %b", TWO, 0xffffffffL, GFX9, (a, b, c) -> b << a % 16 & 0xffff);
    t.vector("v_lshlrev_b16 %d, %a, %b", TWO, 0xffff, GFX11, (a, b, c) -> b << a % 16);
    t.word("v_pack_b32_f16 %d, %a, %b", TWO, (a, b, c) -> a & 0xffff | b << 16);
    t.word("v_lshl_or_b32 %d, %a, %b, %c", THREE, (a, b, c) -> a << b % 32 | c);
    t.word("v_lshl_add_u32 %d, %a, %b, %c", THREE, (a, b, c) -> (a << b % 32) + c);
    t.word("v_add_lshl_u32 %d, %a, %b, %c", THREE, (a, b, c) -> a + b << c % 32);
  }

  private static void fields(OpcodeTests t) {
    t.word("v_bfe_u32 %d, %a, %b, %c", THREE, (a, b, c) -> (a >> b % 32) % (1L << c % 32));
    t.word("v_bfe_i32 %d, %a, %b, %c", THREE, (a, b, c) -> {
      long field = ((long) (int) a >> b % 32) % (1L << c % 32) + (1L << c % 32) & (1L << c % 32) - 1;
      return c % 32 != 0 && field >> c % 32 - 1 != 0 ? field - (1L << c % 32) : field;
    });
    t.word("v_alignbit_b32 %d, %a, %b, %c", THREE,
        (a, b, c) -> BigInteger.valueOf(a).shiftLeft(32).add(BigInteger.valueOf(b)).shiftRight((int) (c % 32)).longValue());
    long[][] choices = {TWO[0], TWO[1], TWO[0].clone()};
    for (int i = 0; i < choices[2].length; i++) {
      choices[2][i] = (i * 0x9e3779b1L >>> 3) % 14 | (i * 7L % 14) << 8 | (i * 5L % 14) << 16 | (i * 3L % 14) << 24;
    }
    t.word("v_perm_b32 %d, %a, %b, %c", choices, (a, b, c) -> {
      long out = 0;
      for (int i = 0; i < 4; i++) {
        int choice = (int) (c >> 8 * i & 255);
        int half = choice % 4;
        long sign = choice < 8 ? 0 : (half < 2 ? b >> 16 * half + 15 : a >> 16 * (half - 2) + 15) % 2;
        long value = choice < 4
            ? b >> 8 * choice & 255
            : choice < 8 ? a >> 8 * (choice - 4) & 255 : choice < 12 ? sign * 255 : choice == 12 ? 0 : 255;
        out |= value << 8 * i;
      }
      return out;
    });
  }

  private static void wide(OpcodeTests t) {
    long[][] doubles = Values.doubles(2);
    t.wide("v_lshlrev_b64 %D, %b, %A", doubles, (a, b, c) -> a << b % 64);
    t.wide("v_lshlrev_b64 %D, 2, %A", doubles, (a, b, c) -> a * 4);
    t.wide("v_mov_b64 %D, %A", doubles, (a, b, c) -> a);
    t.wide("v_mov_b64 %D, -3", doubles, (a, b, c) -> -3);
    long[][] sums = Values.doubles(3);
    t.wide("v_lshl_add_u64 %D, %A, %b, %C", sums, (a, b, c) -> (a << b % 64) + c);
    t.wide("v_mad_u64_u32 %D, %m, %a, %b, %C", sums, (a, b, c) -> toUnsignedLong((int) a) * toUnsignedLong((int) b) + c);
    t.word("v_mad_u64_u32 %A, %m, %a, %b, %C\nv_cndmask_b32 %d, 0, 1, %m", sums, (a, b, c) -> {
      BigInteger product = BigInteger.valueOf(toUnsignedLong((int) a)).multiply(BigInteger.valueOf(toUnsignedLong((int) b)));
      return product.add(new BigInteger(Long.toUnsignedString(c))).bitLength() > 64 ? 1 : 0;
    });
    t.vector("v_mad_u64_u32 %D, null, %a, 12, %C", sums, -1, GFX11, (a, b, c) -> toUnsignedLong((int) a) * 12 + c);
    t.wide("v_pk_mov_b32 %D, %A, %B op_sel:[1,0]", doubles, (a, b, c) -> a >>> 32 | b << 32);
    t.wide("v_pk_mov_b32 %D, %A, %B op_sel:[0,1]", doubles, (a, b, c) -> a & 0xffffffffL | b >>> 32 << 32);
  }

  private static void operands(OpcodeTests t) {
    t.word("v_add_nc_u32_e32 %d, -16, %a", TWO, (a, b, c) -> a - 16);
    t.word("s_movk_i32 s20, 0x1234\nv_add_nc_u32_e64 %d, %a, s20", TWO, (a, b, c) -> a + 0x1234);
    t.word("v_and_b32 %d, 0xff00ff, %a", TWO, (a, b, c) -> a & 0xff00ff);
    t.word("v_or_b32 %d, 1.0, %a", TWO, (a, b, c) -> a | 0x3f800000);
    t.word("v_add_u32_sdwa %d, %a, %b dst_sel:DWORD dst_unused:UNUSED_PAD src0_sel:BYTE_3 src1_sel:WORD_1", TWO,
        (a, b, c) -> (a >> 24) + (b >> 16));
    t.word("v_lshrrev_b32_sdwa %d, %a, %b dst_sel:WORD_1 dst_unused:UNUSED_PAD src0_sel:BYTE_0 src1_sel:DWORD", TWO,
        (a, b, c) -> (b >> a % 32) << 16);
    t.word("v_add_u32_sdwa %d, %a, %b dst_sel:BYTE_3 dst_unused:UNUSED_PAD src0_sel:DWORD src1_sel:DWORD", TWO, (a, b, c) -> a + b << 24);
    t.word("v_mov_b32_sdwa %d, sext(%a) dst_sel:DWORD dst_unused:UNUSED_PAD src0_sel:BYTE_1", TWO, (a, b, c) -> (byte) (a >> 8));
    t.vector("v_dual_mov_b32 %d, %a :: v_dual_add_nc_u32 %b, 1, %c", THREE, 0xffffffffL, GFX11, (a, b, c) -> a);
    t.vector("v_dual_mov_b32 %a, %b :: v_dual_mov_b32 %b, %a\nv_sub_nc_u32 %d, %a, %b", TWO, 0xffffffffL, GFX11, (a, b, c) -> b - a);
    t.vector("v_dual_mov_b32 %a, %b :: v_dual_add_nc_u32 %d, %a, %a", TWO, 0xffffffffL, GFX11, (a, b, c) -> 2 * a);
  }
}
