package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.testkit.ProbeConformance;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class RocmProbeTest extends ProbeConformance {
  private final StandInHsa runtime = ProbeKernels.runtime();
  private Supplier<RocmBlobs> kernels = ProbeKernels::blobs;

  RocmProbeTest() {
    super("rocm", "libhsa-runtime64.so.1", MethodHandles.lookup());
  }

  @Override
  protected Rejection look(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    return probe(machine, nativeAccess, loader).rejection();
  }

  private Probe probe(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    return new RocmProbe(machine, () -> nativeAccess, loader::apply, kernels).probe(false);
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
  void aDiagnosisSaysWhatTheRuntimeAnswersWithoutDeviceFile() throws IOException {
    RocmProbe probe = new RocmProbe(linux(), () -> true, _ -> runtime, kernels);
    assertFalse(probe.probe(true).rejection().seen().contains("HSA"), "nothing is installed");
    create("opt/rocm/lib/libhsa-runtime64.so.1");
    runtime.failCall(0, HsaCalls.OUT_OF_RESOURCES);
    Rejection rejection = probe.probe(true).rejection();
    assertEquals("no-driver", rejection.code());
    assertTrue(rejection.seen().startsWith("/dev/kfd does not exist"), rejection.seen());
    assertTrue(rejection.seen().endsWith("hsa_init answered 0x1008: words for 4104, which means that there is no usable AMD GPU"),
        rejection.seen());
    assertTrue(probe.probe(true).rejection().seen().endsWith("it found AMD Test 0 (gfx90a, 1.0 GiB)"),
        "a runtime that finds one all the same");
    assertEquals(0, runtime.users, "the runtime was not stopped");
  }

  @Test
  void aDiagnosisWithoutNativeAccessLoadsNothing() throws IOException {
    create("opt/rocm/lib/libhsa-runtime64.so.1");
    RocmProbe probe = new RocmProbe(linux(), () -> false, NEVER_LOADED::apply, kernels);
    assertFalse(probe.probe(true).rejection().seen().contains("hsa_init"));
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
    Rejection rejection = look(runtime.without("hsa_executable_freeze"));
    assertEquals("missing-symbol", rejection.code());
    assertTrue(rejection.seen().contains("hsa_executable_freeze"));
    assertEquals(List.of(), runtime.log);
  }

  @Test
  void outOfResourcesMeansThatThereIsNoDevice() throws IOException {
    runtime.failCall(0, HsaCalls.OUT_OF_RESOURCES);
    Rejection rejection = look(runtime);
    assertEquals("no-device", rejection.code());
    assertEquals("hsa_init answered 0x1008: words for 4104, which means that there is no usable AMD GPU", rejection.seen());
  }

  @Test
  void anErrorOfTheRuntimeIsExplained() throws IOException {
    runtime.failCall(2, 0x1004);
    Rejection rejection = look(runtime);
    assertEquals("hsa_agent_get_info answered 0x1004: words for 4100", rejection.seen());
    assertEquals("driver-error", rejection.code());
    assertEquals(0, runtime.users, "the runtime was not stopped");
  }

  @Test
  void aRuntimeWithoutWordsIsUnderstood() throws IOException {
    runtime.failCall(0, 0x1004);
    assertEquals("hsa_init answered 0x1004", look(runtime.without("hsa_status_string")).seen());
  }

  @Test
  void aMachineWithProcessorsOnlyHasNoDevice() throws IOException {
    runtime.gpus = 0;
    assertEquals("no-device", look(runtime).code());
    assertEquals(0, runtime.users, "the runtime was not stopped");
  }

  @Test
  void everyDeviceIsDescribed() throws IOException {
    runtime.gpus = 2;
    List<DeviceInfo> devices = probe(install(), true, _ -> runtime).devices();
    assertEquals(List.of("AMD Test 0", "AMD Test 1"), devices.stream().map(DeviceInfo::name).toList());
    assertEquals(List.of("gfx90a", "gfx90a"), devices.getFirst().features());
    assertEquals(1L << 30, devices.getFirst().memory());
    assertTrue(devices.getFirst().notes().toString().contains("not yet run on hardware"));
    assertEquals(0, runtime.users, "the runtime was not stopped");
    assertEquals(List.of(), runtime.leaks);
  }

  @Test
  void aDeviceWithoutFittingCodeIsRejectedWithItsNameAndTheListWeCarry() throws IOException {
    runtime.isas = List.of("amdgcn-amd-amdhsa--gfx803");
    Rejection rejection = look(runtime);
    assertEquals("no-kernels", rejection.code());
    assertEquals("device 0: no kernels for AMD Test 0 (gfx803, 1.0 GiB) among [gfx1100, gfx90a]", rejection.seen());
  }

  @Test
  void aDeviceThatSharesNoMemoryIsLeftOut() throws IOException {
    runtime.sharesMemory = false;
    assertTrue(look(runtime).seen().contains("no host memory that it shares with kernels"), look(runtime).seen());
    runtime.processors = 0;
    assertEquals("no-kernels", look(runtime).code());
  }

  @Test
  void withoutKernelsTheDevicesAreNamed() throws IOException {
    kernels = () -> {
      throw new KernelException("there is nothing");
    };
    Rejection rejection = look(runtime);
    assertEquals("no-kernels", rejection.code());
    assertEquals("found AMD Test 0 (gfx90a, 1.0 GiB), but there are no ROCm kernels: there is nothing", rejection.seen());
  }

  @Test
  void theInstalledRuntimeFindsNoDeviceWithoutItsFile() {
    Optional<Path> library = Machine.current().library("libhsa-runtime64.so.1", "/opt/rocm/lib");
    assumeTrue(library.isPresent(), "no HSA runtime is installed");
    assumeFalse(Files.exists(Path.of("/dev/kfd")), "this machine may have a device");
    String path = library.get().toString();
    HsaCalls calls = new HsaCalls(new HsaLibrary(path, SymbolLookup.libraryLookup(path, Arena.global())));
    Rejection rejection = assertThrows(BackendUnavailableException.class, () -> RocmProbe.gpus(calls)).rejection();
    assertEquals("no-device", rejection.code(), rejection.toString());
    assertTrue(rejection.seen().startsWith("hsa_init answered 0x1008: "), rejection.seen());
  }
}
