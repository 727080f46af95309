package io.gllm.kernels.cuda.ptx;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/**
 * What a kernel must not do is reported, with its cause. Each test has a kernel that is right and the same one with a fault: one
 * line more, less or other.
 */
class FaultsTest {
  /** Each thread hands its number to its neighbour through shared memory, and writes what it got. */
  private static final String NEIGHBOUR = """
      mul.lo.u32 %r1, %r0, 4;
      mov.u32 %r2, buffer;
      add.u32 %r3, %r2, %r1;
      st.shared.u32 [%r3], %r0;
      bar.sync 0;
      xor.b32 %r4, %r0, 1;
      mul.lo.u32 %r5, %r4, 4;
      add.u32 %r6, %r2, %r5;
      ld.shared.u32 %r7, [%r6];
      mul.wide.u32 %l1, %r0, 4;
      add.u64 %l2, %l0, %l1;
      st.global.u32 [%l2], %r7;
      ret;
      """;

  private static String kernel(String body) {
    return """
        .version 7.0
        .target sm_80
        .address_size 64
        .visible .entry k(.param .u64 out)
        .maxntid 64, 1, 1
        {
        .reg .pred %p<4>;
        .reg .b32 %r<16>;
        .reg .b64 %l<8>;
        .reg .b16 %h<4>;
        .shared .align 16 .b8 buffer[256];
        ld.param.u64 %l0, [out];
        mov.u32 %r0, %tid.x;
        """ + body + "\n}\n";
  }

  private static int[] run(String body, int groups) {
    DeviceMemoryMap memory = new DeviceMemoryMap();
    long out = memory.allocate(256);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(8, 8);
      parameters.set(JAVA_LONG, 0, out);
      new PtxLaunch(memory).watchGlobal().limit(1_000_000).run(PtxModule.parse(kernel(body)).entry("k"), new int[]{groups, 1, 1},
          new int[]{64, 1, 1}, parameters);
    }
    return memory.segment(out, 256).toArray(JAVA_INT);
  }

  private static void fails(String body, String... causes) {
    String message = assertThrows(PtxFault.class, () -> run(body, 1)).getMessage();
    for (String cause : causes) {
      assertTrue(message.contains(cause), message);
    }
  }

  private static String with(String line, String other) {
    assertTrue(NEIGHBOUR.contains(line));
    return NEIGHBOUR.replace(line, other);
  }

  @Test
  void theKernelWithoutAFaultRuns() {
    int[] out = run(NEIGHBOUR, 1);
    for (int i = 0; i < 64; i++) {
      assertEquals(i ^ 1, out[i]);
    }
  }

  @Test
  void aMissingBarrierIsARaceOrAnUnwrittenWord() {
    fails(with("bar.sync 0;\n", ""), "race: reads what thread 1 wrote, with no barrier between: buffer+4", "ld.shared.u32 %r7, [%r6];",
        "thread (0,0,0)");
    fails(with("bar.sync 0;\nxor.b32 %r4, %r0, 1;", "xor.b32 %r4, %r0, 32;"), "shared memory that nothing has written: buffer+128");
  }

  @Test
  void aMissingBarrierBeforeTheNextWriteIsARace() {
    fails(with("ret;", "st.shared.u32 [%r3], %r7;\nret;"), "race: writes what thread 1 read, with no barrier between");
    assertDoesNotThrow(() -> run(with("ret;", "bar.sync 0;\nst.shared.u32 [%r3], %r7;\nret;"), 1));
  }

  @Test
  void twoThreadsThatWriteOneWordAreARace() {
    fails(with("st.shared.u32 [%r3], %r0;", "st.shared.u32 [%r2], %r0;"), "race: writes what thread 0 wrote");
  }

  @Test
  void aSyncOfTheWarpOrdersItsLanesOnly() {
    assertDoesNotThrow(() -> run(with("bar.sync 0;", "bar.warp.sync -1;"), 1));
    String across = NEIGHBOUR.replace("xor.b32 %r4, %r0, 1;", "mov.u32 %r8, 32;\nsetp.lt.u32 %p1, %r0, 32;\n@%p1 mov.u32 %r8, 0;\n"
        + "xor.b32 %r4, %r0, %r8;");
    assertDoesNotThrow(() -> run(across, 1));
    fails(across.replace("bar.sync 0;", "bar.warp.sync -1;"), "race: reads what thread 0 wrote");
  }

  @Test
  void anAccessPastTheEndIsOutOfBounds() {
    fails(with("st.global.u32 [%l2], %r7;", "st.global.u32 [%l2+4], %r7;"), "out of bounds: 4 bytes",
        "byte 256 of an allocation of 256 bytes", "thread (63,0,0)");
    fails(with("st.global.u32 [%l2], %r7;", "st.global.u32 [%l2+-4], %r7;"), "out of bounds", "4 bytes before an allocation");
    fails(with("ld.shared.u32 %r7, [%r6];", "ld.shared.u32 %r7, [%r6+256];"), "out of bounds: 4 bytes at shared+260 of 256");
  }

  @Test
  void anAccessThatIsNotAlignedIsRefused() {
    fails(with("st.global.u32 [%l2], %r7;", "st.global.u32 [%l2+2], %r7;"), "misaligned: 4 bytes at 0x");
    fails(with("ld.shared.u32 %r7, [%r6];", "ld.shared.v2.u32 {%r7, %r8}, [%r6];"), "misaligned: 8 bytes at 0x4");
  }

  @Test
  void sharedMemoryThatNothingWroteIsNotRead() {
    fails(with("st.shared.u32 [%r3], %r0;", "@%p1 st.shared.u32 [%r3], %r0;").replace("mov.u32 %r2",
        "setp.ne.u32 %p1, %r0, 9;\nmov.u32 %r2"), "shared memory that nothing has written: buffer+36", "thread (8,0,0)");
  }

  @Test
  void aRegisterThatNothingWroteIsNotRead() {
    fails(with("st.shared.u32 [%r3], %r0;", "st.shared.u32 [%r3], %r9;"), "reads register %r9 that it has not written");
    fails(with("xor.b32 %r4, %r0, 1;", "setp.ne.u32 %p1, %r0, 40;\n@%p1 xor.b32 %r4, %r0, 1;"), "register %r4", "thread (40,0,0)");
    fails(with("bar.sync 0;", "@%p2 bra AWAY;\nAWAY:\nbar.sync 0;"), "register %p2");
  }

  @Test
  void aBarrierThatSomeThreadsMissIsDivergent() {
    fails(with("bar.sync 0;", "setp.eq.u32 %p1, %r0, 7;\n@%p1 bra AWAY;\nbar.sync 0;\nAWAY:"), "barrier divergence", "thread (7,0,0)");
    fails(with("bar.sync 0;", "setp.gt.u32 %p1, %r0, 31;\n@%p1 bra AWAY;\nbar.sync 0;").replace("ret;", "AWAY:\nret;"),
        "barrier divergence: warp 1 has ended");
    fails(with("bar.sync 0;", "setp.eq.u32 %p1, %r0, 7;\n@%p1 ret;\nbar.sync 0;"), "barrier divergence: this thread has ended",
        "thread (7,0,0)");
    fails(with("bar.sync 0;", "setp.gt.u32 %p1, %r0, 31;\n@%p1 bra AWAY;\nbar.sync 0;\nbra.uni ON;\nAWAY:\nbar.sync 0;\nON:"),
        "barrier divergence: warp 0 is at the barrier of line");
  }

  @Test
  void aShuffleMaskMustNameTheLanesThatExecuteIt() {
    String shuffle = "shfl.sync.bfly.b32 %r7, %r0, 1, 31, -1;\nst.global.u32 [%l2], %r7;";
    assertEquals(1, run(with("st.global.u32 [%l2], %r7;", shuffle), 1)[0]);
    fails(with("st.global.u32 [%l2], %r7;", shuffle.replace("31, -1", "31, 0x0000ffff")), "mask 0x0000ffff of a warp operation");
    fails(with("st.global.u32 [%l2], %r7;", "setp.lt.u32 %p1, %r0, 16;\n@%p1 " + shuffle), "mask 0xffffffff of a warp operation",
        "lanes 0x0000ffff");
    fails(with("st.global.u32 [%l2], %r7;",
        "setp.lt.u32 %p1, %r0, 16;\n@%p1 shfl.sync.idx.b32 %r7, %r0, 20, 31, 0xffff;\nst.global.u32 [%l2], %r7;"), "lane");
  }

  @Test
  void twoGroupsThatTouchOneWordAreARace() {
    String message = assertThrows(PtxFault.class, () -> run(NEIGHBOUR, 2)).getMessage();
    assertTrue(message.contains("race: writes what thread 0 of group 0 wrote in the same launch"), message);
  }

  @Test
  void aCopyIsNotReadBeforeItIsAwaited() {
    String copy = """
        mul.lo.u32 %r1, %r0, 4;
        mov.u32 %r2, buffer;
        add.u32 %r3, %r2, %r1;
        mul.wide.u32 %l1, %r0, 4;
        add.u64 %l2, %l0, %l1;
        cp.async.ca.shared.global [%r3], [%l2], 4;
        cp.async.commit_group;
        cp.async.wait_group 0;
        bar.sync 0;
        xor.b32 %r4, %r3, 4;
        ld.shared.u32 %r7, [%r4];
        ret;
        """;
    assertDoesNotThrow(() -> run(copy, 1));
    fails(copy.replace("cp.async.wait_group 0;", ""), "race: reads what an unfinished cp.async of thread 1 writes");
    fails(copy.replace("wait_group 0", "wait_group 1"), "unfinished cp.async");
    fails(copy.replace("bar.sync 0;", ""), "race: reads what thread 1 wrote, with no barrier between");
  }

  @Test
  void aDivisionByZeroIsReported() {
    fails(with("ret;", "div.u32 %r8, %r7, %r0;\nret;"), "divides by zero", "thread (0,0,0)");
  }

  @Test
  void aLoopWithoutEndIsReported() {
    fails(with("ret;", "AGAIN:\nbra.uni AGAIN;\nret;"), "does not end within 1000000 instructions");
  }

  @Test
  void freedMemoryIsNotTouched() {
    DeviceMemoryMap memory = new DeviceMemoryMap();
    long out = memory.allocate(256);
    memory.free(out);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(8, 8);
      parameters.set(JAVA_LONG, 0, out);
      PtxEntry k = PtxModule.parse(kernel(NEIGHBOUR)).entry("k");
      String message = assertThrows(PtxFault.class, () -> PtxLaunch.run(k, 1, 1, 1, 64, 1, 1, parameters, memory)).getMessage();
      assertTrue(message.contains("inside freed memory of 256 bytes"), message);
    }
  }
}
