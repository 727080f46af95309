package io.gllm.kernels.cpu.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Mapping, features and calls of machine code. */
class NativeScaffoldTest {
  private final NativeTier tier = NativeTier.load(null);

  @Test
  void thisMachineHasATierOrAReason() {
    assertTrue((tier.code() == null) == (tier.rejection() != null));
  }

  @Test
  void entriesAreCheckedAgainstTheirSignature() {
    MachineCode code = tier.code();
    assertNotNull(code.entry("add_f32", "pppl>v"));
    assertThrows(KernelException.class, () -> code.entry("add_f32", "ppl>v"));
    assertThrows(KernelException.class, () -> code.entry("no_such_entry", "v>v"));
  }

  @Test
  void briefAndLastingCallsComputeTheSame() {
    MemorySegment add = tier.code().entry("add_f32", "pppl>v");
    MemorySegment sum = tier.code().entry("sum_f32", "pl>f");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3);
      MemorySegment out = arena.allocate(12);
      for (boolean brief : List.of(true, false)) {
        NativeCall.run(add, brief, a.address(), a.address(), out.address(), 3);
        assertEquals(12.0f, NativeCall.number(sum, brief, out.address(), 3));
      }
    }
  }

  @Test
  void anUnknownInstructionSetIsRejectedWithAReason() {
    NativeTier none = NativeTier.load("avx1024");
    assertNull(none.code());
    assertEquals("no-instruction-set", none.rejection().code());
    assertTrue(none.rejection().seen().contains("avx1024"), none.rejection().seen());
  }

  @Test
  void platformsHaveTheTargetsOfTheirConvention() {
    assertEquals(List.of("sysv-x86_64-avx512", "sysv-x86_64-avx2"), new Platform("linux", "amd64").targets());
    assertEquals(List.of("sysv-x86_64-avx512", "sysv-x86_64-avx2"), new Platform("mac os x", "x86_64").targets());
    assertEquals(List.of("win64-x86_64-avx512", "win64-x86_64-avx2"), new Platform("windows 11", "amd64").targets());
    assertEquals(List.of("aapcs64-neon"), new Platform("mac os x", "aarch64").targets());
    assertEquals(List.of(), new Platform("windows 11", "aarch64").targets());
    assertEquals(List.of(), new Platform("linux", "riscv64").targets());
  }
}
