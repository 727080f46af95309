package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.testkit.StandInLibrary;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaProbeTest {
  private static final Function<Path, SymbolLookup> NEVER_LOADED = path -> {
    throw new AssertionError("a library was loaded without hope: " + path);
  };

  @TempDir
  Path root;
  private final Arena arena = Arena.ofShared();

  @AfterEach
  void closeArena() {
    arena.close();
  }

  @Test
  void otherSystemsAreRejected() {
    CudaProbe probe = new CudaProbe(machine("macos", "aarch64"), () -> true, NEVER_LOADED);
    assertEquals("unsupported-system", probe.look().code());
    assertTrue(probe.look().seen().contains("macos-aarch64"));
  }

  @Test
  void withoutDeviceFileNothingIsLoaded() throws IOException {
    create("usr/lib/x86_64-linux-gnu/libcuda.so.1");
    Rejection rejection = new CudaProbe(linux(), () -> true, NEVER_LOADED).look();
    assertEquals("no-driver", rejection.code());
    assertTrue(rejection.seen().contains("/dev/nvidiactl"));
  }

  @Test
  void withoutLibraryNothingIsLoaded() throws IOException {
    create("dev/nvidiactl");
    Rejection rejection = new CudaProbe(linux(), () -> true, NEVER_LOADED).look();
    assertEquals("no-library", rejection.code());
    assertTrue(rejection.seen().contains("libcuda.so.1"));
  }

  @Test
  void withoutNativeAccessTheFlagIsNamed() throws IOException {
    installDriver();
    Rejection rejection = new CudaProbe(linux(), () -> false, NEVER_LOADED).look();
    assertEquals("native-access-disabled", rejection.code());
    assertTrue(rejection.fix().contains("--enable-native-access=ALL-UNNAMED"), rejection.fix());
  }

  @Test
  void aLibraryThatCannotBeLoadedIsRejected() throws IOException {
    installDriver();
    Rejection rejection = new CudaProbe(linux(), () -> true, path -> SymbolLookup.libraryLookup(path + ".gone", arena)).look();
    assertEquals("library-unusable", rejection.code());
    assertTrue(rejection.seen().contains("libcuda.so.1"));
  }

  @Test
  void aMissingFunctionIsNamed() throws IOException {
    Rejection rejection = look(library(new Driver()).without("cuDeviceGetCount"));
    assertEquals("missing-symbol", rejection.code());
    assertTrue(rejection.seen().contains("cuDeviceGetCount"));
  }

  @Test
  void anErrorOfTheDriverIsExplained() throws IOException {
    Driver driver = new Driver();
    driver.initResult = 803;
    Rejection rejection = look(library(driver));
    assertEquals("driver-error", rejection.code());
    assertEquals("cuInit answered 803 (CUDA_ERROR_TEST): words for 803", rejection.seen());
    assertEquals("cuInit answered 803", look(library(driver).without("cuGetErrorName").without("cuGetErrorString")).seen());
  }

  @Test
  void noDeviceIsToldFromABrokenDriver() throws IOException {
    Driver driver = new Driver();
    driver.count = 0;
    assertEquals("no-device", look(library(driver)).code());
    driver.initResult = 100;
    Rejection rejection = look(library(driver));
    assertEquals("no-device", rejection.code());
    assertTrue(rejection.seen().startsWith("cuInit answered 100"));
  }

  @Test
  void everyDeviceIsDescribed() throws IOException {
    Rejection rejection = look(library(new Driver()));
    assertEquals("no-kernels", rejection.code());
    assertEquals("found Test GPU 0 (sm_90, 80.0 GiB, driver for CUDA 12.8); Test GPU 1 (sm_91, 80.0 GiB, driver for CUDA 12.8),"
        + " but this version carries no CUDA kernels",
        rejection.seen());
    assertTrue(rejection.fix().contains("leave the choice"));
  }

  @Test
  void windowsNeedsTheLibraryOnly() throws IOException {
    Machine windows = new Machine("windows", "x86_64", root, Map.of("SystemRoot", root.resolve("Windows").toString()));
    assertEquals("no-library", new CudaProbe(windows, () -> true, NEVER_LOADED).look().code());
    create("Windows/System32/nvcuda.dll");
    StandInLibrary library = library(new Driver());
    assertEquals("no-kernels", new CudaProbe(windows, () -> true, path -> library).look().code());
  }

  @Test
  void theProviderIsFoundAndAnswersOnThisMachine() {
    BackendProvider provider = ServiceLoader.load(BackendProvider.class).findFirst().orElseThrow();
    assertEquals("cuda", provider.name());
    Probe probe = provider.probe(BackendConfig.DEFAULT);
    assertTrue(probe.devices().isEmpty());
    assertFalse(probe.rejection().fix().isBlank());
    DeviceInfo wanted = new DeviceInfo("cuda", 0, "any", false, -1, List.of(), List.of());
    BackendUnavailableException e = assertThrows(BackendUnavailableException.class, () -> provider.open(wanted, BackendConfig.DEFAULT));
    assertEquals(probe.rejection(), e.rejection());
  }

  private Rejection look(SymbolLookup library) throws IOException {
    installDriver();
    return new CudaProbe(linux(), () -> true, path -> library).look();
  }

  private StandInLibrary library(Driver driver) {
    return new StandInLibrary(MethodHandles.lookup(), driver, arena);
  }

  private void installDriver() throws IOException {
    create("dev/nvidiactl");
    create("usr/lib/x86_64-linux-gnu/libcuda.so.1");
  }

  private void create(String file) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, "not a library");
  }

  private Machine linux() {
    return machine("linux", "x86_64");
  }

  private Machine machine(String os, String arch) {
    return new Machine(os, arch, root, Map.of());
  }

  /** Two GPUs behind the functions of the CUDA driver; like the real one it refuses every call before cuInit. */
  private final class Driver {
    int initResult;
    int count = 2;
    private boolean started;

    int cuInit(int flags) {
      started = initResult == 0 && flags == 0;
      return initResult;
    }

    int cuDriverGetVersion(MemorySegment out) {
      out.set(ValueLayout.JAVA_INT, 0, 12080);
      return 0;
    }

    int cuDeviceGetCount(MemorySegment out) {
      out.set(ValueLayout.JAVA_INT, 0, count);
      return answer();
    }

    int cuDeviceGet(MemorySegment out, int index) {
      out.set(ValueLayout.JAVA_INT, 0, 10 + index);
      return index < count ? answer() : 101;
    }

    int cuDeviceGetName(MemorySegment out, int bytes, int device) {
      out.reinterpret(bytes).setString(0, "Test GPU " + (device - 10));
      return answer();
    }

    int cuDeviceGetAttribute(MemorySegment out, int attribute, int device) {
      out.set(ValueLayout.JAVA_INT, 0, attribute == 75 ? 9 : device - 10);
      return answer();
    }

    int cuDeviceTotalMem_v2(MemorySegment out, int device) {
      out.set(ValueLayout.JAVA_LONG, 0, 80L << 30);
      return answer();
    }

    int cuGetErrorName(int result, MemorySegment out) {
      out.set(ValueLayout.ADDRESS, 0, arena.allocateFrom("CUDA_ERROR_TEST"));
      return 0;
    }

    int cuGetErrorString(int result, MemorySegment out) {
      out.set(ValueLayout.ADDRESS, 0, arena.allocateFrom("words for " + result));
      return 0;
    }

    private int answer() {
      return started ? 0 : 3;
    }
  }
}
