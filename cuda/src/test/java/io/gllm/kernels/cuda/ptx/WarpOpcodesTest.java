package io.gllm.kernels.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/** Shuffles, votes and reductions of a warp; what lanes that part and meet again see. */
class WarpOpcodesTest {
  private static final String STORE = "\nmul.wide.u32 %l9, %r0, 4;\nadd.u64 %l10, %l0, %l9;\nst.global.u32 [%l10], %r9;";

  private static int[] run(String body) {
    Program p = Program.of(1, body + STORE);
    long out = p.words(new int[32]);
    p.run("k", 1, 32, out);
    return p.read(out, 32);
  }

  /** Segments of 32, 16 and 8 lanes, as __shfl_sync makes them; the second result says whether the lane took another's value. */
  @Test
  void shufflesStayInTheirSegment() {
    for (int width : new int[]{32, 16, 8}) {
      for (int by : new int[]{0, 1, 3, 7, 16, 31}) {
        int segment = 32 - width << 8;
        check("up", by, segment, width, l -> l % width - by >= 0 ? l - by : -1);
        check("down", by, segment | 31, width, l -> l % width + by < width ? l + by : -1);
        check("bfly", by, segment | 31, width, l -> (l ^ by) / width <= l / width ? l ^ by : -1);
        check("idx", by, segment | 31, width, l -> l / width * width + by % width);
      }
    }
  }

  private static void check(String mode, int by, int limits, int width, IntUnaryOperator source) {
    int[] got = run("add.u32 %r1, %r0, 100;\nshfl.sync." + mode + ".b32 %r2|%p0, %r1, " + by + ", " + limits
        + ", -1;\nselp.u32 %r3, 1000, 0, %p0;\nadd.u32 %r9, %r2, %r3;");
    for (int l = 0; l < 32; l++) {
      int from = source.applyAsInt(l);
      assertEquals(from >= 0 ? 1100 + from : 100 + l, got[l], mode + " " + by + " of " + width + " lane " + l);
    }
  }

  @Test
  void aShuffleMayTakeWhatItReplaces() {
    int[] got = run("mov.u32 %r9, %r0;\nshfl.sync.bfly.b32 %r9, %r9, 1, 31, -1;");
    for (int l = 0; l < 32; l++) {
      assertEquals(l ^ 1, got[l]);
    }
  }

  @Test
  void votesCountTheLanes() {
    String odd = "and.b32 %r1, %r0, 1;\nsetp.eq.u32 %p0, %r1, 1;\n";
    assertEquals(0xaaaaaaaa, run(odd + "vote.sync.ballot.b32 %r9, %p0, -1;")[5]);
    assertEquals(0x55555555, run(odd + "vote.sync.ballot.b32 %r9, !%p0, -1;")[5]);
    assertEquals(0, vote(odd, "all"));
    assertEquals(1, vote(odd, "any"));
    assertEquals(0, vote(odd, "uni"));
    assertEquals(1, vote("setp.lt.u32 %p0, %r0, 99;\n", "all"));
    assertEquals(1, vote("setp.gt.u32 %p0, %r0, 99;\n", "uni"));
    assertEquals(0, vote("setp.gt.u32 %p0, %r0, 99;\n", "any"));
  }

  private static int vote(String condition, String mode) {
    return run(condition + "vote.sync." + mode + ".pred %p1, %p0, -1;\nselp.u32 %r9, 1, 0, %p1;")[31];
  }

  @Test
  void reductionsTakeAllLanes() {
    assertEquals(31 * 32 / 2, run("redux.sync.add.s32 %r9, %r0, -1;")[7]);
    assertEquals(-16, run("sub.s32 %r1, %r0, 16;\nredux.sync.min.s32 %r9, %r1, -1;")[7]);
    assertEquals(0, run("sub.s32 %r1, %r0, 16;\nredux.sync.min.u32 %r9, %r1, -1;")[7]);
    assertEquals(-1, run("sub.s32 %r1, %r0, 16;\nredux.sync.max.u32 %r9, %r1, -1;")[7]);
    assertEquals(31, run("redux.sync.or.b32 %r9, %r0, -1;")[7]);
  }

  @Test
  void lanesThatPartedMeetAgain() {
    int[] got = run("""
        setp.lt.u32 %p0, %r0, 10;
        @%p0 bra LOW;
        activemask.b32 %r1;
        bra.uni JOIN;
        LOW:
        activemask.b32 %r1;
        JOIN:
        activemask.b32 %r2;
        xor.b32 %r9, %r1, %r2;
        """);
    for (int l = 0; l < 32; l++) {
      assertEquals(l < 10 ? 0xfffffc00 : 0x3ff, got[l]);
    }
  }

  @Test
  void aLoopRunsForEachLaneAsOftenAsItWants() {
    int[] got = run("""
        mov.u32 %r9, 0;
        mov.u32 %r1, 0;
        AGAIN:
        setp.ge.u32 %p0, %r1, %r0;
        @%p0 bra DONE;
        add.u32 %r1, %r1, 1;
        add.u32 %r9, %r9, %r1;
        bra AGAIN;
        DONE:
        """);
    for (int l = 0; l < 32; l++) {
      assertEquals(l * (l + 1) / 2, got[l]);
    }
  }

  @Test
  void specialRegistersNameTheThread() {
    assertEquals(1 << 7, run("mov.u32 %r9, %lanemask_eq;")[7]);
    assertEquals((1 << 7) - 1, run("mov.u32 %r9, %lanemask_lt;")[7]);
    assertEquals((1 << 8) - 1, run("mov.u32 %r9, %lanemask_le;")[7]);
    assertEquals(-1 << 8, run("mov.u32 %r9, %lanemask_gt;")[7]);
    assertEquals(0, run("mov.u32 %r9, %lanemask_gt;")[31]);
    assertEquals(-1 << 7, run("mov.u32 %r9, %lanemask_ge;")[7]);
    assertEquals(-1, run("mov.u32 %r9, %lanemask_le;")[31]);
    assertEquals(7, run("mov.u32 %r9, %laneid;")[7]);
    assertEquals(32, run("mov.u32 %r9, %ntid.x;")[7]);
  }
}
