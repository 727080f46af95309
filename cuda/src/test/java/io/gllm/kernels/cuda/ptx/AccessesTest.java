package io.gllm.kernels.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Loads, stores, atomics, asynchronous copies, variables of a module. */
class AccessesTest {
  private static final String AT = "mul.wide.u32 %l9, %r0, 4;\nadd.u64 %l8, %l0, %l9;\n";

  private static int[] run(String body, int words) {
    Program p = Program.of(1, body);
    int[] in = new int[words];
    Arrays.setAll(in, i -> 0x80f0_e0d0 + i * 0x01010101);
    long buffer = p.words(in);
    p.run("k", 1, 32, buffer);
    return p.read(buffer, words);
  }

  @Test
  void narrowLoadsAreExtendedByTheirType() {
    assertEquals(0xd0, run(AT + "ld.global.u8 %r1, [%l8];\nst.global.u32 [%l8], %r1;", 32)[0]);
    assertEquals(0xffffffd0, run(AT + "ld.global.s8 %r1, [%l8];\nst.global.u32 [%l8], %r1;", 32)[0]);
    assertEquals(0x80f0, run(AT + "ld.global.u16 %r1, [%l8+2];\nst.global.u32 [%l8], %r1;", 32)[0]);
    assertEquals(0xffff80f0, run(AT + "ld.global.s16 %r1, [%l8+2];\nst.global.u32 [%l8], %r1;", 32)[0]);
    assertEquals(-1, run(AT + "ld.global.s8 %l7, [%l8];\nshr.s64 %l6, %l7, 32;\ncvt.u32.u64 %r1, %l6;\nst.global.u32 [%l8], %r1;", 32)[0]);
    assertEquals(0xffd0, run(AT + "ld.global.s8 %h1, [%l8];\ncvt.u32.u16 %r1, %h1;\nst.global.u32 [%l8], %r1;", 32)[0]);
  }

  @Test
  void narrowStoresLeaveTheRestOfAWord() {
    assertEquals(0x80f0_e007, run(AT + "mov.u32 %r1, 7;\nst.global.u8 [%l8], %r1;", 32)[0]);
    assertEquals(0x0007_e0d0, run(AT + "mov.u32 %r1, 7;\nst.global.u16 [%l8+2], %r1;", 32)[0]);
  }

  @Test
  void vectorsAreConsecutive() {
    int[] got = run("mul.wide.u32 %l9, %r0, 16;\nadd.u64 %l8, %l0, %l9;\nld.global.nc.v4.u32 {%r1, %r2, %r3, %r4}, [%l8];\n"
        + "st.global.v2.u32 [%l8+8], {%r1, %r2};\nst.global.v2.b32 [%l8], {%r4, %r3};", 128);
    int word = 0x80f0_e0d0;
    int step = 0x01010101;
    assertArrayEquals(new int[]{word + 3 * step, word + 2 * step, word, word + step}, Arrays.copyOf(got, 4));
  }

  @Test
  void genericAddressesReachSharedMemory() {
    int[] got = run(AT + """
        mov.u64 %l1, buffer;
        cvta.shared.u64 %l2, %l1;
        add.u64 %l3, %l2, %l9;
        st.u32 [%l3], %r0;
        cvta.to.shared.u64 %l4, %l3;
        cvt.u32.u64 %r2, %l4;
        ld.shared.u32 %r1, [%r2];
        ld.u32 %r3, [%l8];
        st.global.u32 [%l8], %r1;
        """, 32);
    assertEquals(31, got[31]);
  }

  @Test
  void atomicsSeeEachOther() {
    int[] got = run("setp.eq.u32 %p0, %r0, 0;\nmov.u32 %r2, 0;\n@%p0 st.global.u32 [%l0], %r2;\nbar.sync 0;\n"
        + "atom.global.add.u32 %r1, [%l0], 3;\n" + AT + "st.global.u32 [%l8+4], %r1;", 64);
    assertEquals(96, got[0]);
    for (int l = 0; l < 32; l++) {
      assertEquals(3 * l, got[l + 1]);
    }
    assertEquals(31, atomic("max.u32", 0, "%r0"));
    assertEquals(-31, atomic("min.s32", 5, "%r9"));
    assertEquals(0, atomic("and.b32", -1, "%r0"));
    assertEquals(4, atomic("inc.u32", 0, "6"));
    assertEquals(Float.floatToRawIntBits(33.5f), atomic("add.f32", Float.floatToRawIntBits(1.5f), "0f3F800000"));
  }

  private static int atomic(String op, int start, String value) {
    Program p = Program.of(1, "neg.s32 %r9, %r0;\nred.global." + op + " [%l0], " + value + ";");
    long at = p.words(start);
    p.run("k", 1, 32, at);
    return p.read(at, 1)[0];
  }

  @Test
  void compareAndSwapLetsOneLaneWin() {
    Program p = Program.of(1, "add.u32 %r2, %r0, 1;\natom.global.cas.b32 %r1, [%l0], 0, %r2;");
    long at = p.words(0);
    p.run("k", 1, 32, at);
    assertEquals(1, p.read(at, 1)[0]);
  }

  @Test
  void anAtomicBesideAPlainWriteIsARace() {
    Program p = Program.of(1, "setp.eq.u32 %p0, %r0, 9;\nred.global.add.u32 [%l0], 1;\n@%p0 st.global.u32 [%l0], %r0;");
    long at = p.words(0);
    String message = assertThrows(PtxFault.class, () -> p.run("k", 1, 32, at)).getMessage();
    assertTrue(message.contains("race: writes what thread 31 wrote"), message);
  }

  @Test
  void copiesFillTheRestWithZero() {
    int[] got = run(AT + """
        mov.u32 %r1, buffer;
        shl.b32 %r2, %r0, 4;
        add.u32 %r3, %r1, %r2;
        mul.wide.u32 %l7, %r0, 16;
        add.u64 %l6, %l0, %l7;
        cp.async.cg.shared.global [%r3], [%l6], 16, 8;
        cp.async.wait_all;
        ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [%r3];
        st.global.v4.u32 [%l6], {%r4, %r5, %r6, %r7};
        """, 128);
    assertArrayEquals(new int[]{0x80f0_e0d0, 0x80f0_e0d0 + 0x01010101, 0, 0}, Arrays.copyOf(got, 4));
  }

  @Test
  void variablesOfTheModuleHoldTheirValues() {
    Program p = new Program("""
        .version 7.0
        .target sm_80
        .address_size 64
        .const .align 4 .u32 table[4] = {10, 0x14, 30};
        .global .align 4 .f32 scale = 0f40000000;
        .visible .entry k(.param .u64 out)
        {
        .reg .b32 %r<4>;
        .reg .b64 %l<4>;
        ld.param.u64 %l0, [out];
        ld.const.u32 %r0, [table+4];
        ld.const.u32 %r1, [table+12];
        ld.global.u32 %r2, [scale];
        st.global.u32 [%l0], %r0;
        st.global.u32 [%l0+4], %r1;
        st.global.u32 [%l0+8], %r2;
        ret;
        }
        """);
    long out = p.words(1, 1, 1);
    p.run("k", 1, 1, out);
    assertArrayEquals(new int[]{20, 0, 0x40000000}, p.read(out, 3));
  }
}
