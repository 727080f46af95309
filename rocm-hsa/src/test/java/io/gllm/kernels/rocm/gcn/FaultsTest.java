package io.gllm.kernels.rocm.gcn;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What a kernel must not do is reported, with the instruction, the group, the wave, the thread and the cause. */
class FaultsTest {
  /** Each thread takes the number of the one 32 further, or before: it is of another wave of 32 lanes. */
  private static final String EXCHANGE = """
      s_load_b64 s[4:5], s[0:1], 0x0
      v_lshlrev_b32_e32 v1, 2, v0
      v_xor_b32_e32 v2, 0x80, v1
      ds_store_b32 v1, v0
      s_waitcnt lgkmcnt(0)
      s_barrier
      ds_load_b32 v3, v2
      s_waitcnt lgkmcnt(0)
      global_store_b32 v1, v3, s[4:5]
      s_endpgm
      """;

  private static int[] run(String text) {
    Program p = new Program("gfx1100").shared(256);
    long out = p.words(new int[64]);
    p.run(text, 1, 64, out);
    return p.read(out, 64);
  }

  private static void fails(String text, String... parts) {
    String message = assertThrows(GcnFault.class, () -> run(text)).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  /** The kernel with another text in place of some. */
  private static String with(String text, String other) {
    assertTrue(EXCHANGE.contains(text));
    return EXCHANGE.replace(text, other);
  }

  @Test
  void theKernelWithoutAFaultRuns() {
    int[] out = run(EXCHANGE);
    for (int i = 0; i < 64; i++) {
      assertEquals(i ^ 32, out[i]);
    }
  }

  @Test
  void aMissingBarrierIsARace() {
    fails(with("s_barrier\n", ""), "stores a value that nothing has written", "global_store_b32", "wave 0");
    String again = "s_barrier\nds_load_b32 v3, v2\ns_waitcnt lgkmcnt(0)\nds_store_b32 v1, v3\n";
    fails(with("s_barrier\n", again), "race: reads shared memory that wave 0 wrote, with no barrier between: byte 0", "wave 1",
        "thread 32");
    String second = "v_cmp_lt_u32 vcc_lo, 31, v0\ns_and_saveexec_b32 s8, vcc_lo\nds_store_b32 v1, v3\ns_mov_b32 exec_lo, s8\n";
    fails(with("s_barrier\n", again.replace("ds_store_b32 v1, v3\n", second)),
        "race: writes shared memory that wave 0 read, with no barrier between: byte 128", "thread 32");
    String apart = again.replace("ds_store", "s_barrier\nds_store") + "s_waitcnt lgkmcnt(0)\ns_barrier\n";
    assertDoesNotThrow(() -> run(with("s_barrier\n", apart)));
  }

  @Test
  void twoWavesThatWriteOneWordAreARace() {
    fails(with("ds_store_b32 v1, v0", "v_and_b32 v4, 0x7c, v1\nds_store_b32 v4, v0"), "race: writes shared memory that wave 0 wrote");
  }

  @Test
  void twoLanesThatWriteOneWordAreARace() {
    fails(with("ds_store_b32 v1, v0", "v_and_b32 v4, 0xf8, v1\nds_store_b32 v4, v0"), "that another lane of the instruction writes",
        "thread 1:");
  }

  @Test
  void anAccessPastTheEndIsOutOfBounds() {
    fails(with("v1, v3, s[4:5]", "v1, v3, s[4:5] offset:4"), "out of bounds: 4 bytes", "byte 256 of an allocation of 256 bytes",
        "thread 63");
    fails(with("v1, v3, s[4:5]", "v1, v3, s[4:5] offset:-4"), "out of bounds", "4 bytes before an allocation");
    fails(with("ds_load_b32 v3, v2", "ds_load_b32 v3, v2 offset:132"), "out of bounds: 4 bytes of shared memory");
    fails(with("s_load_b64 s[4:5], s[0:1], 0x0", "s_load_b64 s[4:5], s[0:1], 0x1000"), "out of bounds: 8 bytes");
  }

  @Test
  void anAccessThatIsNotAlignedIsRefused() {
    fails(with("v1, v3, s[4:5]", "v1, v3, s[4:5] offset:2"), "misaligned: 4 bytes at 0x");
    fails(with("ds_load_b32 v3, v2", "ds_load_b64 v[3:4], v2"), "misaligned: 8 bytes of shared memory at 132");
    fails(with("s_load_b64 s[4:5], s[0:1], 0x0", "s_load_b64 s[4:5], s[0:1], 0x2"), "misaligned: a scalar load");
  }

  @Test
  void whatNothingWroteDoesNotMatter() {
    fails(with("v1, v3, s[4:5]", "v1, v9, s[4:5]"), "stores a value that nothing has written");
    fails(with("ds_load_b32 v3, v2", "v_add_nc_u32 v2, v2, v9\nds_load_b32 v3, v2"), "reads shared memory at an address that nothing");
    fails(with("v1, v3, s[4:5]", "v9, v3, s[4:5]"), "goes to an address that nothing has written");
    fails(with("v1, v3, s[4:5]", "v1, v3, s[8:9]"), "depends on s8, which nothing has written");
    fails(with("s_barrier\n", "s_barrier\ns_mov_b32 exec_lo, s9\n"), "the mask of lanes depends on what nothing has written");
    fails(with("s_barrier\n", "s_barrier\ns_cmp_eq_u32 s9, 0\ns_cbranch_scc1 L1\nL1:\n"), "depends on scc");
    fails(with("s_barrier\n", "s_barrier\nv_cmp_eq_u32 vcc_lo, v9, v0\ns_cbranch_vccz L1\nL1:\n"), "depends on vcc");
    assertDoesNotThrow(() -> run(with("s_barrier\n", "s_barrier\nv_add_nc_u32 v8, v9, v0\ns_add_u32 s8, s9, s9\n")));
    assertDoesNotThrow(() -> run(with("s_barrier\n", "s_barrier\ns_and_b32 s8, s9, 0\ns_cmp_eq_u32 s8, 0\ns_cbranch_scc0 L1\nL1:\n")));
  }

  @Test
  void lanesThatDidNotExecuteHaveWrittenNothing() {
    String half = "v_cmp_gt_u32 vcc_lo, 40, v0\ns_and_saveexec_b32 s8, vcc_lo\nv_mov_b32 v7, v3\ns_mov_b32 exec_lo, s8\n";
    fails(with("global_store_b32 v1, v3", half + "global_store_b32 v1, v7"), "stores a value that nothing has written", "thread 40");
  }

  @Test
  void sharedMemoryThatNothingWroteIsUnknown() {
    fails(with("ds_store_b32 v1, v0", "v_cmp_ne_u32 vcc_lo, 9, v0\ns_and_saveexec_b32 s8, vcc_lo\nds_store_b32 v1, v0\n"
        + "s_mov_b32 exec_lo, s8"), "stores a value that nothing has written", "thread 41");
  }

  @Test
  void aRegisterIsNotTouchedBeforeItsLoadIsAwaited() {
    fails(with("ds_load_b32 v3, v2\ns_waitcnt lgkmcnt(0)", "ds_load_b32 v3, v2"), "touches v3 before a wait for the load that writes it");
    fails(with("ds_load_b32 v3, v2\ns_waitcnt lgkmcnt(0)", "ds_load_b32 v3, v2\ns_waitcnt lgkmcnt(1)"), "touches v3 before a wait");
    fails(with("ds_load_b32 v3, v2\n", "ds_load_b32 v3, v2\nv_mov_b32 v3, 0\n"), "touches v3 before a wait");
    fails(with("ds_store_b32 v1, v0\ns_waitcnt lgkmcnt(0)", "s_waitcnt lgkmcnt(0)\nds_store_b32 v1, v0"),
        "is reached before a wait for 1 operations of shared memory");
    String loads = "global_load_b32 v4, v1, s[4:5]\nglobal_load_b32 v5, v1, s[4:5]\ns_waitcnt vmcnt(%d)\nv_mov_b32 v6, v%d\n";
    assertDoesNotThrow(() -> run(with("s_barrier\n", "s_barrier\n" + loads.formatted(1, 4))));
    fails(with("s_barrier\n", "s_barrier\n" + loads.formatted(1, 5)), "touches v5 before a wait");
    fails(with("s_barrier\n", "s_barrier\n" + loads.formatted(2, 4)), "touches v4 before a wait");
  }

  @Test
  void scalarLoadsEndInAnyOrder() {
    String loads = "s_load_b32 s8, s[0:1], 0x0\ns_load_b32 s9, s[0:1], 0x4\ns_waitcnt lgkmcnt(%d)\ns_mov_b32 s10, s8\n";
    assertDoesNotThrow(() -> run(with("s_barrier\n", "s_barrier\n" + loads.formatted(0))));
    fails(with("s_barrier\n", "s_barrier\n" + loads.formatted(1)), "touches s8 before a wait");
    fails(with("s_barrier\n", "s_barrier\ns_load_b32 s8, s[0:1], 0x0\ns_load_b32 s8, s[0:1], 0x4\n"), "loads into s8");
    fails(with("ds_load_b32 v3, v2\n", "ds_load_b32 v3, v2\nglobal_load_b32 v3, v1, s[4:5]\n"), "loads into v3");
  }

  @Test
  void storesAreCountedWithLoadsUpToGfx9() {
    String kernel = """
        s_load_b64 s[4:5], s[0:1], 0x0
        v_lshlrev_b32_e32 v1, 2, v0
        s_waitcnt lgkmcnt(0)
        global_load_b32 v2, v1, s[4:5]
        global_store_b32 v1, v0, s[4:5]
        s_waitcnt vmcnt(1)
        v_mov_b32 v3, v2
        s_endpgm
        """;
    for (String chip : new String[]{"gfx90a", "gfx1100"}) {
      Program p = new Program(chip);
      long out = p.words(new int[64]);
      if (chip.equals("gfx90a")) {
        assertDoesNotThrow(() -> p.run(kernel, 1, 64, out));
      } else {
        assertTrue(assertThrows(GcnFault.class, () -> p.run(kernel, 1, 64, out)).getMessage().contains("touches v2 before a wait"));
      }
    }
  }

  @Test
  void aBarrierThatSomeThreadsMissIsDivergent() {
    fails(with("s_barrier\n", "s_and_b32 s8, exec_lo, 0xffff\ns_mov_b32 exec_lo, s8\ns_barrier\n"), "barrier divergence", "thread 16");
    String wave = "v_readfirstlane_b32 s8, v0\ns_cmp_eq_u32 s8, 0\ns_cbranch_scc1 L1\n";
    fails(with("s_barrier\n", wave + "s_barrier\nL1:\n").replace("ds_load_b32 v3, v2", "s_endpgm"), "barrier divergence: wave 0 has ended");
    fails(with("s_barrier\n", wave + "s_barrier\ns_branch L2\nL1:\ns_barrier\nL2:\n"), "barrier divergence: wave 0 is at another barrier");
  }

  @Test
  void onlyThreadsOfTheGroupExecute() {
    Program p = new Program("gfx90a").shared(256);
    long out = p.words(new int[64]);
    String message = assertThrows(GcnFault.class, () -> p.run("s_mov_b64 exec, -1\ns_endpgm", 1, 40, out)).getMessage();
    assertTrue(message.contains("executes lanes that are no threads: 0xffffff0000000000"), message);
  }

  @Test
  void theArgumentsOfAnotherLaunchAreNotRead() {
    fails(with("s_load_b64 s[4:5], s[0:1], 0x0", "s_load_b64 s[4:5], s[0:1], 0x40"), "reads the arguments of another launch");
    fails(with("s_load_b64 s[4:5], s[0:1], 0x0", "s_load_b64 s[4:5], s[0:1], 0x8"), "depends on s4, which nothing has written");
    fails(with("v1, v3, s[4:5]", "v1, v3, s[0:1]"), "writes where the arguments of launches lie");
  }

  @Test
  void freedMemoryIsNotTouched() {
    Program p = new Program("gfx1100").shared(256);
    long out = p.words(new int[64]);
    p.memory.free(out);
    String message = assertThrows(GcnFault.class, () -> p.run(EXCHANGE, 1, 64, out)).getMessage();
    assertTrue(message.contains("inside freed memory of 256 bytes"), message);
  }

  @Test
  void aKernelThatDoesNotEndIsReported() {
    fails(with("s_endpgm", "L1:\ns_branch L1"), "the group does not end within 1000000 instructions");
    fails(with("s_endpgm", ""), "the code ends without s_endpgm");
  }
}
