package io.gllm.kernels.cuda.ptx;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Threads and groups of a launch: their places, warps that are not full, shared memory that the launch sizes. */
class PtxLaunchTest {
  private static final String HEAD = """
      .version 7.0
      .target sm_80
      .address_size 64
      .extern .shared .align 16 .b8 dynamic[];
      .shared .align 4 .b8 fixed[12];
      .visible .entry k(.param .u64 out)
      {
      .reg .pred %p<2>;
      .reg .b32 %r<20>;
      .reg .b64 %l<4>;
      ld.param.u64 %l0, [out];
      """;

  /** Every thread writes one word at its number: over all groups, then within the group. */
  private static int[] run(String body, int[] grid, int[] block, int dynamicShared) {
    PtxEntry k = PtxModule.parse(HEAD + """
        mov.u32 %r0, %tid.x;
        mov.u32 %r1, %tid.y;
        mov.u32 %r2, %tid.z;
        mov.u32 %r3, %ntid.x;
        mov.u32 %r4, %ntid.y;
        mov.u32 %r5, %ntid.z;
        mad.lo.u32 %r6, %r2, %r4, %r1;
        mad.lo.u32 %r6, %r6, %r3, %r0;
        mov.u32 %r7, %ctaid.x;
        mov.u32 %r8, %ctaid.y;
        mov.u32 %r9, %ctaid.z;
        mov.u32 %r10, %nctaid.x;
        mov.u32 %r11, %nctaid.y;
        mad.lo.u32 %r12, %r9, %r11, %r8;
        mad.lo.u32 %r12, %r12, %r10, %r7;
        mul.lo.u32 %r13, %r3, %r4;
        mul.lo.u32 %r13, %r13, %r5;
        mad.lo.u32 %r14, %r12, %r13, %r6;
        mad.wide.u32 %l1, %r14, 4, %l0;
        """ + body + "st.global.u32 [%l1], %r15;\nret;\n}\n").entry("k");
    int threads = grid[0] * grid[1] * grid[2] * block[0] * block[1] * block[2];
    DeviceMemoryMap memory = new DeviceMemoryMap();
    long out = memory.allocate(4L * threads);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(8, 8);
      parameters.set(JAVA_LONG, 0, out);
      new PtxLaunch(memory).watchGlobal().dynamicShared(dynamicShared).run(k, grid, block, parameters);
    }
    return memory.segment(out, 4L * threads).toArray(JAVA_INT);
  }

  @Test
  void eachThreadHasAPlaceOfItsOwn() {
    int[] got = run("mad.lo.u32 %r15, %r12, 1000, %r6;\n", new int[]{2, 3, 2}, new int[]{5, 3, 2}, 0);
    for (int i = 0; i < got.length; i++) {
      assertEquals(i / 30 * 1000 + i % 30, got[i]);
    }
  }

  /** 48 threads reverse their numbers through memory that the launch gives; the last warp has 16 lanes. */
  private static final String REVERSE = """
      mov.u32 %r16, dynamic;
      mad.lo.u32 %r17, %r6, 4, %r16;
      st.shared.u32 [%r17], %r6;
      bar.sync 0;
      sub.u32 %r18, 47, %r6;
      mad.lo.u32 %r18, %r18, 4, %r16;
      ld.shared.u32 %r15, [%r18];
      """;

  @Test
  void theLaunchSizesDynamicSharedMemory() {
    int[] got = run(REVERSE, new int[]{1, 1, 1}, new int[]{48, 1, 1}, 192);
    for (int i = 0; i < 48; i++) {
      assertEquals(47 - i, got[i]);
    }
    String message = assertThrows(PtxFault.class, () -> run(REVERSE, new int[]{1, 1, 1}, new int[]{48, 1, 1}, 188)).getMessage();
    assertTrue(message.contains("thread (47,0,0): out of bounds: 4 bytes at shared+188 of 188"), message);
  }

  @Test
  void sharedMemoryDoesNotOutliveItsGroup() {
    String firstOnly = REVERSE.replace("st.shared", "setp.eq.u32 %p0, %r7, 0;\n@%p0 st.shared");
    String message = assertThrows(PtxFault.class, () -> run(firstOnly, new int[]{2, 1, 1}, new int[]{48, 1, 1}, 192)).getMessage();
    assertTrue(message.contains("group (1,0,0)") && message.contains("shared memory that nothing has written"), message);
  }

  @Test
  void sharedVariablesThatABodyUsesAreItsOwn() {
    String fixed = "mov.u32 %r16, fixed;\nmov.u32 %r15, dynamic;\n";
    assertEquals(16, run(fixed, new int[]{1, 1, 1}, new int[]{1, 1, 1}, 16)[0], "the dynamic part lies behind, aligned");
    assertEquals(0, run(REVERSE.replaceAll("ld.shared.*", "mov.u32 %r15, dynamic;"), new int[]{1, 1, 1}, new int[]{48, 1, 1}, 192)[0]);
  }

  private static int[] together(String text, int groups) {
    PtxEntry k = PtxModule.parse(HEAD + text + "ret;\n}\n").entry("k");
    DeviceMemoryMap memory = new DeviceMemoryMap();
    long out = memory.allocate(4L * groups);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(8, 8);
      parameters.set(JAVA_LONG, 0, out);
      PtxStatistics counted = new PtxLaunch(memory).together().run(k, new int[]{groups, 1, 1}, new int[]{1, 1, 1}, parameters);
      assertEquals(groups, counted.byOpcode().get("st.global.u32"));
    }
    return memory.segment(out, 4L * groups).toArray(JAVA_INT);
  }

  private static final String OWN_NUMBER = """
      mov.u32 %r1, %ctaid.x;
      mad.wide.u32 %l1, %r1, 4, %l0;
      st.global.u32 [%l1], %r1;
      """;

  @Test
  void groupsRunTogetherAsTheyWouldAlone() {
    int[] got = together(OWN_NUMBER, 101);
    for (int i = 0; i < got.length; i++) {
      assertEquals(i, got[i]);
    }
  }

  /** Every group from 7 on reads what is not there. */
  @Test
  void ofManyFaultsTogetherTheFirstGroupsIsThrown() {
    String text = OWN_NUMBER + "setp.lt.u32 %p0, %r1, 7;\n@%p0 bra END;\nld.shared.u32 %r2, [fixed];\nEND:\n";
    for (int i = 0; i < 10; i++) {
      String message = assertThrows(PtxFault.class, () -> together(text, 100)).getMessage();
      assertTrue(message.contains("group (7,0,0)"), message);
    }
  }

  @Test
  void groupsWithAtomicOperationsRunInTurn() {
    int[] got = together(OWN_NUMBER + "atom.global.add.u32 %r2, [%l0], 1;\nst.shared.u32 [fixed], %r2;\n", 50);
    assertEquals(50, got[0], "the first group has stored zero before");
  }

  @Test
  void tooMuchSharedMemoryIsRefused() {
    String message = assertThrows(PtxFault.class, () -> run(REVERSE, new int[]{1, 1, 1}, new int[]{48, 1, 1}, 227 * 1024 + 16))
        .getMessage();
    assertTrue(message.contains("too much shared memory"), message);
  }
}
