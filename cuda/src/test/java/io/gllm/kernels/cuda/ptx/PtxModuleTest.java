package io.gllm.kernels.cuda.ptx;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a text says of itself, what is refused in it and by a launch; nothing unknown is guessed. */
class PtxModuleTest {
  private static final String TEXT = """
      // a comment
      .version 7.0
      .target sm_80
      .address_size 64
      .visible .entry first(
          .param .u64 x, /* two
          lines */
          .param .u32 n,
          .param .align 4 .b8 p[12]
      )
      .maxntid 64, 2, 1
      {
          .reg .pred %p<2>;
          .reg .b16 %h<2>;
          .reg .f32 %f<4>;
          .reg .b32 %r<8>;
          .reg .b64 %l<4>;
          .shared .align 16 .b8 one[20];
          .shared .align 8 .b8 two[8];
          ld.param.u32 %r0, [p+8];
          mov.f32 %f0, 0f3F800000;
          add.rn.f32 %f1, %f0, %f0;
          setp.ne.s32 %p0, %r0, 7;
          @%p0 bra $L__END;
          { .reg .b32 %inner; mov.u32 %inner, 5; add.s32 %r1, %inner, %r0; }
      $L__END:
          ret;
      }
      .visible .entry second()
      {
          ret;
      }
      """;

  @Test
  void aModuleNamesItsEntries() {
    PtxModule m = PtxModule.parse(TEXT);
    assertEquals("7.0", m.version());
    assertEquals(80, m.target());
    assertEquals(Set.of("first", "second"), m.names());
    assertTrue(assertThrows(PtxFault.class, () -> m.entry("third")).getMessage().contains("no entry third in [first, second]"));
  }

  @Test
  void anEntryTellsItsParametersAndLimits() {
    PtxEntry e = PtxModule.parse(TEXT).entry("first");
    assertEquals(List.of(new PtxParameter("x", 0, 8, 8), new PtxParameter("n", 8, 4, 4), new PtxParameter("p", 12, 12, 4)),
        e.parameters());
    assertEquals(24, e.parameterBytes());
    assertEquals(128, e.maxThreads());
    assertEquals(32, e.sharedBytes());
    assertEquals(1L, e.opcodes().get("add.rn.f32"));
    assertEquals(List.of(), e.irreproducible());
  }

  @Test
  void aLaunchCountsWhatItExecutes() {
    PtxEntry e = PtxModule.parse(TEXT).entry("first");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(24, 8);
      PtxStatistics s = PtxLaunch.run(e, 3, 1, 1, 64, 2, 1, parameters, new DeviceMemoryMap());
      assertEquals(3 * 128L, s.byOpcode().get("add.rn.f32"));
      assertEquals(3 * 128L, s.byOpcode().get("bra"));
      assertEquals(null, s.byOpcode().get("add.s32"), "no thread came there");
    }
  }

  private static void refused(String line, String other, String... causes) {
    assertTrue(TEXT.contains(line));
    String message = assertThrows(PtxFault.class, () -> PtxModule.parse(TEXT.replace(line, other))).getMessage();
    for (String cause : causes) {
      assertTrue(message.contains(cause), message);
    }
  }

  @Test
  void whatIsNotKnownIsRefusedWithItsLine() {
    refused("add.rn.f32", "tex.rn.f32", "line 22 `tex.rn.f32 %f1, %f0, %f0;`: unknown opcode tex.rn.f32");
    refused("add.rn.f32", "add.rz.f32", "unknown opcode add.rz.f32");
    refused("add.rn.f32", "add.rn.sat.f32", "unknown opcode");
    refused("ld.param.u32", "ld.local.u32", "unknown opcode");
    refused("bra $L__END", "bra $L__ELSE", "$L__ELSE is not a label");
    refused(".maxntid", ".cluster", "unknown directive");
    refused(".shared .align 16 .b8 one[20];", ".local .align 16 .b8 one[20];", "unknown directive");
    refused(".visible .entry second", ".visible .func second", "unknown directive");
    refused("mov.f32 %f0, 0f3F800000;", "call f, (%f0);", "unknown opcode call");
    refused(".target sm_80", ".target gfx90a", "unknown target");
    refused(".address_size 64", ".address_size 32", "64 bits only");
    refused(".version 7.0", "", ".version or .target is missing");
  }

  @Test
  void operandsMustFitTheirOpcode() {
    refused("add.rn.f32 %f1, %f0, %f0", "add.rn.f32 %f1, %f0, %l0", "%l0 has 64 bits, not 32");
    refused("add.rn.f32 %f1, %f0, %f0", "add.rn.f32 %h1, %f0, %f0", "%h1 has 16 bits, not 32");
    refused("add.rn.f32 %f1, %f0, %f0", "add.rn.f32 %f1, %f0", "2 operands, not 3");
    refused("add.rn.f32 %f1, %f0, %f0", "add.rn.f32 %f1, %f0, %f9", "%f9 is not a register");
    refused("add.rn.f32 %f1, %f0, %f0", "add.rn.f32 1, %f0, %f0", "1 is not a register");
    refused("setp.ne.s32 %p0, %r0, 7", "setp.ne.s32 %r1, %r0, 7", "%r1 has 32 bits, not 1");
    refused("setp.ne.s32 %p0, %r0, 7", "setp.ne.s32 %p0, %r0, 4294967296", "4294967296 is no value of 32 bits");
    refused("setp.ne.s32 %p0, %r0, 7", "setp.ne.s32 %p0, %r0, %clock", "%clock is not a register");
    refused("mov.f32 %f0, 0f3F800000", "mov.b32 %f0, x", "the address of x has 64 bits, not 32");
    refused("mov.f32 %f0, 0f3F800000", "mov.u16 %h0, %tid.x", "%tid.x has 32 bits, not 16");
    refused("setp.ne.s32 %p0, %r0, 7", "mov.pred %p0, 2", "2 is no value of 1 bits");
    refused("@%p0 bra", "@%r0 bra", "%r0 is not a predicate");
    refused("add.s32 %r1, %inner, %r0; }", "} add.s32 %r1, %inner, %r0;", "%inner is not a register");
    refused(".reg .b32 %r<8>;", ".reg .b32 %r<8>, %r3;", "%r3 is defined twice");
    refused("ld.param.u32 %r0, [p+8]", "ld.global.u32 %r0, [p+8]", "the address is of param memory");
  }

  @Test
  void aLaunchMustFitItsEntry() {
    PtxModule m = PtxModule.parse(TEXT);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment p = arena.allocate(24, 8);
      DeviceMemoryMap memory = new DeviceMemoryMap();
      misused("256 threads in a group, at most 128", () -> PtxLaunch.run(m.entry("first"), 1, 1, 1, 256, 1, 1, p, memory));
      misused("64 threads in a group, not 128 as .reqntid asks", () -> PtxLaunch
          .run(PtxModule.parse(TEXT.replace(".maxntid", ".reqntid")).entry("first"), 1, 1, 1, 64, 1, 1, p, memory));
      misused("24 bytes of parameters, not 0", () -> PtxLaunch.run(m.entry("second"), 1, 1, 1, 32, 1, 1, p, memory));
      misused("out of range", () -> PtxLaunch.run(m.entry("first"), 1, 0, 1, 32, 1, 1, p, memory));
      misused("out of range", () -> PtxLaunch.run(m.entry("first"), 1, 65536, 1, 32, 1, 1, p, memory));
      misused("no dynamic shared memory",
          () -> new PtxLaunch(memory).dynamicShared(16).run(m.entry("first"), new int[]{1, 1, 1}, new int[]{1, 1, 1}, p));
      misused("out of bounds: byte 24 of the parameters", () -> PtxLaunch
          .run(PtxModule.parse(TEXT.replace("[p+8]", "[p+12]")).entry("first"), 1, 1, 1, 32, 1, 1, p, memory));
    }
  }

  @Test
  void aReproducibleLaunchRefusesWhatACompilerMayContract() {
    PtxModule m = PtxModule.parse(TEXT.replace("add.rn.f32", "add.f32"));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment p = arena.allocate(24, 8);
      PtxLaunch launch = new PtxLaunch(new DeviceMemoryMap());
      launch.run(m.entry("first"), new int[]{1, 1, 1}, new int[]{32, 1, 1}, p);
      misused("not reproducible: line 22 `add.f32 %f1, %f0, %f0;`",
          () -> launch.reproducible().run(m.entry("first"), new int[]{1, 1, 1}, new int[]{32, 1, 1}, p));
    }
  }

  private static void misused(String cause, Runnable action) {
    String message = assertThrows(PtxFault.class, action::run).getMessage();
    assertTrue(message.contains(cause), message);
  }

  @Test
  void memoryIsGivenAndTakenBackOnce() {
    DeviceMemoryMap memory = new DeviceMemoryMap();
    long a = memory.allocate(100);
    assertEquals(0, a % 256);
    assertEquals(256, a % 512);
    assertEquals(-1, memory.segment(a, 100).get(JAVA_INT, 96));
    assertThrows(IllegalArgumentException.class, () -> memory.segment(a, 101));
    assertThrows(IllegalArgumentException.class, () -> memory.free(a + 1));
    memory.free(a);
    assertThrows(IllegalArgumentException.class, () -> memory.free(a));
    assertThrows(IllegalArgumentException.class, () -> memory.segment(a, 1));
    assertThrows(IllegalArgumentException.class, () -> memory.allocate(0));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(64, 64);
      assertEquals(host.address(), memory.map(host));
      assertThrows(IllegalArgumentException.class, () -> memory.map(host.asSlice(8, 8)));
      memory.free(host.address());
      assertEquals(0, memory.count());
    }
  }
}
