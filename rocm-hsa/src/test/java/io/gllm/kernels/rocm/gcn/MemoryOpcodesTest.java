package io.gllm.kernels.rocm.gcn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Loads, stores, branches and waits. */
class MemoryOpcodesTest {
  /** What these tests show to work. */
  static final Set<String> OPCODES = new HashSet<>(Set.of("global_store_b16", "s_endpgm", "s_barrier", "s_barrier_signal", "s_barrier_wait",
      "s_sendmsg", "s_waitcnt", "s_waitcnt_vscnt", "s_wait_loadcnt", "s_wait_storecnt", "s_wait_dscnt", "s_wait_kmcnt",
      "s_wait_loadcnt_dscnt", "s_wait_storecnt_dscnt", "s_branch", "s_cbranch_scc0", "s_cbranch_scc1", "s_cbranch_execz",
      "s_cbranch_execnz", "s_cbranch_vccz",
      "s_cbranch_vccnz", "v_readfirstlane_b32", "ds_load_2addr_b32", "ds_load_2addr_b64", "ds_load_2addr_stride64_b32",
      "ds_load_2addr_stride64_b64", "ds_store_2addr_b32", "ds_store_2addr_b64", "ds_store_2addr_stride64_b32",
      "ds_store_2addr_stride64_b64"));

  static {
    for (int bits : new int[]{32, 64, 96, 128}) {
      for (String opcode : new String[]{"global_load_b", "global_store_b", "ds_load_b", "ds_store_b"}) {
        OPCODES.add(opcode + bits);
      }
    }
    for (int bits : new int[]{32, 64, 96, 128, 256, 512}) {
      OPCODES.add("s_load_b" + bits);
    }
  }

  private static final String HEAD = """
      s_load_b128 s[4:7], s[0:1], 0x0
      s_waitcnt lgkmcnt(0)
      """;

  private static int[] run(String chip, String text, int words) {
    Program p = new Program(chip).shared(8192);
    long out = p.words(new int[words]);
    long in = p.words(IntStream.range(0, words).map(i -> 1000 + i).toArray());
    p.run(HEAD + text + "\ns_endpgm", 1, Chip.of(chip).lanes(), out, in);
    return p.read(out, words);
  }

  private static String registers(int first, int n) {
    return n == 1 ? "v" + first : "v[" + first + ":" + (first + n - 1) + "]";
  }

  @ParameterizedTest
  @ValueSource(strings = {"gfx90a", "gfx1100"})
  void vectorsOfEveryWidthGoThroughBothMemories(String chip) {
    int lanes = Chip.of(chip).lanes();
    for (int n = 1; n <= 4; n++) {
      int pitch = n == 3 ? 16 : 4 * n;
      String type = "_b" + 32 * n + " ";
      String value = registers(4, n);
      int[] got = run(chip,
          "v_mul_u32_u24 v1, " + pitch + ", v0\nglobal_load" + type + value + ", v1, s[6:7] offset:4\ns_waitcnt vmcnt(0)\n"
              + "ds_store" + type + "v1, " + value + " offset:16\n" + "s_waitcnt lgkmcnt(0)\n" + "ds_load" + type + registers(8, n)
              + ", v1 offset:16\ns_waitcnt lgkmcnt(0)\nglobal_store" + type + "v1, " + registers(8, n) + ", s[4:5]",
          5 * lanes);
      for (int i = 0; i < lanes * pitch / 4; i++) {
        assertEquals(i % (pitch / 4) < n ? 1001 + i : 0, got[i], type + i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gfx90a", "gfx1100"})
  void addressesMayBeVectors(String chip) {
    int[] got = run(chip, """
        v_lshlrev_b32 v1, 2, v0
        v_add_co_u32 v2, vcc, s6, v1
        v_mov_b32 v3, s7
        v_add_co_ci_u32 v3, vcc, 0, v3, vcc
        global_load_b32 v4, v[2:3], off
        v_add_co_u32 v2, vcc, s4, v1
        v_mov_b32 v3, s5
        v_add_co_ci_u32 v3, vcc, 0, v3, vcc
        s_waitcnt vmcnt(0)
        global_store_b16 v[2:3], v4, off offset:2
        """.replace("vcc", chip.equals("gfx90a") ? "vcc" : "vcc_lo"), 64);
    assertEquals(1003 << 16, got[3]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"b32", "b64"})
  void twoPiecesLieAtADistance(String type) {
    int n = type.equals("b32") ? 1 : 2;
    for (String stride : new String[]{"", "stride64_"}) {
      int unit = 4 * n * (stride.isEmpty() ? 1 : 64);
      String name = "_2addr_" + stride + type + " ";
      int[] got = run("gfx1100", "v_lshlrev_b32 v1, 3, v0\nv_add_nc_u32 v2, 7, v0\nv_mov_b32 v3, 0\nv_mov_b32 v4, 5\nv_mov_b32 v5, 0\n"
          + "v_cmpx_eq_u32 3, v0\nds_store" + name + "v1, " + registers(2, n) + ", " + registers(4, n) + " offset0:1 offset1:4\n"
          + "s_waitcnt lgkmcnt(0)\nds_load" + name + registers(6, 2 * n) + ", v1 offset0:4 offset1:1\nds_load_b32 v12, v1 offset:"
          + 4 * unit
          + "\ns_waitcnt lgkmcnt(0)\nv_mov_b32 v11, 0\nglobal_store_b32 v11, v6, s[4:5]\nglobal_store_b32 v11, v" + (6 + n)
          + ", s[4:5] offset:4\nglobal_store_b32 v11, v12, s[4:5] offset:8", 32);
      assertArrayEquals(new int[]{5, 10, 5, 0}, IntStream.range(0, 4).map(i -> got[i]).toArray(), name);
    }
  }

  @Test
  void scalarsAreLoadedInPieces() {
    for (int n : new int[]{1, 2, 3, 4, 8, 16}) {
      String target = n == 1 ? "s16" : "s[16:" + (15 + n) + "]";
      int[] got = run("gfx1100", "s_movk_i32 s3, 4\ns_load_b" + 32 * n + " " + target + ", s[6:7], s3 offset:8\ns_waitcnt lgkmcnt(0)\n"
          + "v_mov_b32 v1, s" + (15 + n) + "\nv_mov_b32 v2, 0\nglobal_store_b32 v2, v1, s[4:5]", 64);
      assertEquals(1000 + 3 + n - 1, got[0]);
    }
  }

  @Test
  void branchesFollowTheirConditions() {
    for (int chosen = 0; chosen < 2; chosen++) {
      int other = 1 - chosen;
      String[][] cases = {{"s_cmp_eq_u32 1, " + chosen, "s_cbranch_scc1"}, {"s_cmp_eq_u32 1, " + other, "s_cbranch_scc0"},
        {"s_mov_b32 vcc_lo, " + chosen, "s_cbranch_vccnz"}, {"s_mov_b32 vcc_lo, " + other, "s_cbranch_vccz"},
        {"s_mov_b32 exec_lo, " + chosen, "s_cbranch_execnz"}, {"s_mov_b32 exec_lo, " + other, "s_cbranch_execz"}};
      for (String[] c : cases) {
        int[] got = run("gfx1100", c[0] + "\ns_mov_b32 s8, 1\n" + c[1] + " L1\ns_mov_b32 s8, 0\nL1:\ns_mov_b32 exec_lo, -1\n"
            + "s_branch L2\ns_mov_b32 s8, 9\nL2:\nv_mov_b32 v1, s8\nv_mov_b32 v2, 0\nglobal_store_b32 v2, v1, s[4:5]\n"
            + "s_waitcnt_vscnt null, 0x0\ns_sendmsg sendmsg(MSG_DEALLOC_VGPRS)", 32);
        assertEquals(chosen, got[0], c[0] + " " + c[1]);
      }
    }
  }

  /** GFX12 has a counter for each kind, two halves of a barrier, and the group in a trap register. */
  @Test
  void gfx12WaitsWithCountersOfTheirOwn() {
    Program p = new Program("gfx1201").shared(256);
    long out = p.words(new int[32]);
    p.run("""
        s_load_b64 s[4:5], s[0:1], 0x0
        v_lshlrev_b32 v1, 2, v0
        s_wait_kmcnt 0x0
        global_load_b32 v2, v1, s[4:5]
        s_wait_loadcnt 0x0
        v_add_nc_u32 v2, v2, v0
        ds_store_b32 v1, v2
        s_wait_dscnt 0x0
        s_barrier_signal -1
        s_barrier_wait -1
        ds_load_b32 v3, v1
        global_load_b32 v4, v1, s[4:5]
        s_wait_loadcnt_dscnt 0x0
        v_add3_u32 v3, v3, v4, ttmp9
        global_store_b32 v1, v3, s[4:5]
        s_wait_storecnt 0x0
        s_wait_storecnt_dscnt 0x0
        s_endpgm
        """, 1, 32, out);
    assertEquals(7, p.read(out, 32)[7]);
  }
}
