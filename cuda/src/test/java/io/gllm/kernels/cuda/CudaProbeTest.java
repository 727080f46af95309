package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.testkit.ProbeConformance;
import io.gllm.kernels.testkit.StandInLibrary;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class CudaProbeTest extends ProbeConformance {
  CudaProbeTest() {
    super("cuda", "libcuda.so.1", MethodHandles.lookup());
  }

  @Override
  protected Rejection look(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    return new CudaProbe(machine, () -> nativeAccess, loader::apply).look();
  }

  @Override
  protected Machine install() throws IOException {
    create("dev/nvidiactl");
    create("usr/lib/x86_64-linux-gnu/libcuda.so.1");
    return linux();
  }

  @Test
  void otherSystemsAreRejected() {
    Rejection rejection = look(machine("macos", "aarch64"), true, NEVER_LOADED);
    assertEquals("unsupported-system", rejection.code());
    assertTrue(rejection.seen().contains("macos-aarch64"));
  }

  @Test
  void withoutDeviceFileNothingIsLoaded() throws IOException {
    create("usr/lib/x86_64-linux-gnu/libcuda.so.1");
    Rejection rejection = look(linux(), true, NEVER_LOADED);
    assertEquals("no-driver", rejection.code());
    assertTrue(rejection.seen().contains("/dev/nvidiactl"));
  }

  @Test
  void withoutLibraryNothingIsLoaded() throws IOException {
    create("dev/nvidiactl");
    Rejection rejection = look(linux(), true, NEVER_LOADED);
    assertEquals("no-library", rejection.code());
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
    Machine windows = machine("windows", "x86_64");
    assertEquals("no-library", look(windows, true, NEVER_LOADED).code());
    create("Windows/System32/nvcuda.dll");
    StandInLibrary library = library(new Driver());
    assertEquals("no-kernels", look(windows, true, path -> library).code());
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
