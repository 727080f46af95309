package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.testkit.ProbeConformance;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class RocmProbeTest extends ProbeConformance {
  RocmProbeTest() {
    super("rocm", "libhsa-runtime64.so.1", MethodHandles.lookup());
  }

  @Override
  protected Rejection look(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    return new RocmProbe(machine, () -> nativeAccess, loader::apply).look();
  }

  @Override
  protected Machine install() throws IOException {
    create("dev/kfd");
    create("opt/rocm/lib/libhsa-runtime64.so.1");
    return linux();
  }

  @Test
  void otherSystemsAreRejected() {
    Machine windows = machine("windows", "x86_64");
    assertEquals("unsupported-system", look(windows, true, NEVER_LOADED).code());
  }

  @Test
  void withoutDeviceFileNothingIsLoaded() throws IOException {
    create("opt/rocm/lib/libhsa-runtime64.so.1");
    Rejection rejection = look(linux(), true, NEVER_LOADED);
    assertEquals("no-driver", rejection.code());
    assertTrue(rejection.seen().contains("/dev/kfd"));
  }

  @Test
  void aDeviceFileOfOthersIsNamed() throws IOException {
    Path kfd = create("dev/kfd");
    assumeTrue(Files.getFileStore(kfd).supportsFileAttributeView("posix"), "the file system has no permissions");
    Files.setPosixFilePermissions(kfd, PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(kfd), "this user may read everything");
    assertEquals("no-permission", look(linux(), true, NEVER_LOADED).code());
  }

  @Test
  void withoutLibraryNothingIsLoaded() throws IOException {
    create("dev/kfd");
    Rejection rejection = look(linux(), true, NEVER_LOADED);
    assertEquals("no-library", rejection.code());
    assertTrue(rejection.seen().contains("libhsa-runtime64.so.1"));
  }

  @Test
  void theNewestVersionIsFoundBesideOthers() throws IOException {
    create("dev/kfd");
    create("opt/rocm-6.1.0/lib/libhsa-runtime64.so.1");
    create("opt/rocm-6.4.1/lib/libhsa-runtime64.so.1");
    assertTrue(look(linux(), false, NEVER_LOADED).seen().contains("rocm-6.4.1"));
  }

  @Test
  void aMissingFunctionIsNamed() throws IOException {
    Rejection rejection = look(library(new Runtime()).without("hsa_agent_iterate_isas"));
    assertEquals("missing-symbol", rejection.code());
    assertTrue(rejection.seen().contains("hsa_agent_iterate_isas"));
  }

  @Test
  void outOfResourcesMeansThatThereIsNoDevice() throws IOException {
    Runtime runtime = new Runtime();
    runtime.initResult = 0x1008;
    Rejection rejection = look(library(runtime));
    assertEquals("no-device", rejection.code());
    assertEquals("hsa_init answered 0x1008: words of the runtime, which means that there is no usable AMD GPU", rejection.seen());
  }

  @Test
  void anErrorOfTheRuntimeIsExplained() throws IOException {
    Runtime runtime = new Runtime();
    runtime.agentResult = 0x1004;
    assertEquals("hsa_agent_get_info answered 0x1004: words of the runtime", look(library(runtime)).seen());
    assertEquals("driver-error", look(library(runtime)).code());
    assertEquals("hsa_agent_get_info answered 0x1004", look(library(runtime).without("hsa_status_string")).seen());
    assertEquals(0, runtime.users, "the runtime was not stopped");
  }

  @Test
  void aMachineWithProcessorsOnlyHasNoDevice() throws IOException {
    Runtime runtime = new Runtime();
    runtime.agents = 1;
    assertEquals("no-device", look(library(runtime)).code());
  }

  @Test
  void everyDeviceIsDescribed() throws IOException {
    Runtime runtime = new Runtime();
    Rejection rejection = look(library(runtime));
    assertEquals("no-kernels", rejection.code());
    assertEquals("found AMD Test 1 (gfx942: amdgcn-amd-amdhsa--gfx942:sramecc+, amdgcn-amd-amdhsa--gfx9-4-generic); "
        + "AMD Test 2 (gfx942: amdgcn-amd-amdhsa--gfx942:sramecc+, amdgcn-amd-amdhsa--gfx9-4-generic), but this version carries no ROCm kernels",
        rejection.seen());
    assertEquals(0, runtime.users, "the runtime was not stopped");
  }

  @Test
  void theInstalledRuntimeFindsNoDeviceWithoutItsFile() {
    Optional<Path> library = Machine.current().library("libhsa-runtime64.so.1", "/opt/rocm/lib");
    assumeTrue(library.isPresent(), "no HSA runtime is installed");
    assumeFalse(Files.exists(Path.of("/dev/kfd")), "this machine may have a device");
    HsaRuntime runtime = new HsaRuntime(library.get().toString(), SymbolLookup.libraryLookup(library.get().toString(), Arena.global()));
    Rejection rejection = assertThrows(BackendUnavailableException.class, runtime::describeDevices).rejection();
    assertEquals("no-device", rejection.code(), rejection.toString());
    assertTrue(rejection.seen().startsWith("hsa_init answered 0x1008: "), rejection.seen());
  }

  /** A processor (agent 100) and two GPUs (101, 102) with two instruction sets each, behind the functions of the HSA runtime. */
  private final class Runtime {
    private static final List<String> ISAS = List.of("amdgcn-amd-amdhsa--gfx942:sramecc+", "amdgcn-amd-amdhsa--gfx9-4-generic");
    int initResult;
    int agentResult;
    int agents = 3;
    int users;

    int hsa_init() {
      users += initResult == 0 ? 1 : 0;
      return initResult;
    }

    int hsa_shut_down() {
      users--;
      return 0;
    }

    int hsa_iterate_agents(MemorySegment callback, MemorySegment data) {
      return iterate(100, agents, callback, data);
    }

    int hsa_agent_get_info(long agent, int attribute, MemorySegment out) {
      switch (attribute) {
        case 0 -> out.setString(0, "gfx942");
        case 17 -> out.set(ValueLayout.JAVA_INT, 0, agent == 100 ? 0 : 1);
        case 0xA009 -> out.setString(0, "AMD Test " + (agent - 100));
        default -> {
          return 0x1001;
        }
      }
      return users == 1 ? agentResult : 0x100B;
    }

    int hsa_agent_iterate_isas(long agent, MemorySegment callback, MemorySegment data) {
      return iterate(200, ISAS.size(), callback, data);
    }

    int hsa_isa_get_info_alt(long isa, int attribute, MemorySegment out) {
      String name = ISAS.get((int) isa - 200);
      if (attribute == 0) {
        out.set(ValueLayout.JAVA_INT, 0, name.length() + 1);
      } else {
        out.setString(0, name);
      }
      return 0;
    }

    int hsa_status_string(int status, MemorySegment out) {
      out.set(ValueLayout.ADDRESS, 0, arena.allocateFrom("words of the runtime"));
      return 0;
    }

    private int iterate(long first, int count, MemorySegment callback, MemorySegment data) {
      try {
        FunctionDescriptor descriptor = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
        for (long handle = first; handle < first + count; handle++) {
          Linker.nativeLinker().downcallHandle(callback, descriptor).invokeWithArguments(handle, data);
        }
        return 0;
      } catch (Throwable t) {
        return 0x1000;
      }
    }
  }
}
