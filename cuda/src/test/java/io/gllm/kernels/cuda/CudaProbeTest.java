package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.testkit.ProbeConformance;
import io.gllm.kernels.testkit.StandInLibrary;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CudaProbeTest extends ProbeConformance {
  private static final Map<String, Blob> BLOBS = BlobManifest.parse("test", """
      blob\tptx_80\tptx_80/kernels.bin\t9\t0\tcuda-11.0\t0\tnvcc
      blob\tsm_90\tsm_90/kernels.bin\t9\t0\tcuda-12.0\t0\tnvcc
      """);

  private Rejection jcuda;
  private Supplier<CudaBlobs> kernels = () -> new CudaBlobs(BLOBS.values(), _ -> new byte[9]);

  CudaProbeTest() {
    super("cuda", "libcuda.so.1", MethodHandles.lookup());
  }

  @Override
  protected Rejection look(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    Probe probe = probe(machine, nativeAccess, loader);
    assertNotNull(probe.rejection(), () -> "expected a rejection, found " + probe.devices());
    return probe.rejection();
  }

  private Probe probe(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    return new CudaProbe(machine, () -> nativeAccess, loader::apply, _ -> Optional.ofNullable(jcuda), kernels).probe();
  }

  /** The devices of a machine whose driver has every function that kernels need. */
  private List<DeviceInfo> devices(Driver driver) throws IOException {
    return devices(complete(library(driver)));
  }

  private List<DeviceInfo> devices(SymbolLookup library) throws IOException {
    Probe probe = probe(install(), true, _ -> library);
    assertNull(probe.rejection(), () -> "expected devices, found " + probe.rejection());
    return probe.devices();
  }

  /** With the functions that a probe looks up but does not call; nobody calls them here. */
  private SymbolLookup complete(StandInLibrary library) {
    List<String> uncalled = Stream.concat(CudaCalls.FUNCTIONS.stream(), CudaCalls.GRAPH_FUNCTIONS.stream()).toList();
    return name -> library.find(name).or(() -> uncalled.contains(name) ? Optional.of(MemorySegment.NULL) : Optional.empty());
  }

  @Override
  protected Machine install() throws IOException {
    create("dev/nvidiactl");
    create("usr/lib/x86_64-linux-gnu/libcuda.so.1");
    return linux();
  }

  @Test
  void otherSystemsAreRejected() {
    for (String[] other : new String[][]{{"macos", "aarch64"}, {"linux", "aarch64"}}) {
      Rejection rejection = look(machine(other[0], other[1]), true, NEVER_LOADED);
      assertEquals("unsupported-system", rejection.code());
      assertTrue(rejection.seen().contains(other[0] + "-" + other[1]));
    }
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
  void withoutJCudaNothingIsLoaded() throws IOException {
    jcuda = new Rejection("no-jcuda", "JCuda is not in this program", "add it");
    assertEquals(jcuda, look(install(), true, NEVER_LOADED));
  }

  @Test
  void everyFunctionThatKernelsNeedIsLookedUpFirst() throws IOException {
    SymbolLookup all = complete(library(new Driver()));
    for (String missing : CudaCalls.FUNCTIONS) {
      Rejection rejection = look(name -> name.equals(missing) ? Optional.empty() : all.find(name));
      assertEquals("missing-symbol", rejection.code());
      assertTrue(rejection.seen().contains(missing), rejection.seen());
    }
  }

  @Test
  void anOldDriverIsToldWithItsVersion() throws IOException {
    Driver driver = new Driver();
    driver.version = 10020;
    Rejection rejection = look(library(driver));
    assertEquals("driver-too-old", rejection.code());
    assertEquals("the NVIDIA driver is for CUDA 10.2, kernels need CUDA 11.0", rejection.seen());
    assertTrue(rejection.fix().contains("450"));
  }

  @Test
  void everyDeviceIsDescribedBestFirst() throws IOException {
    List<DeviceInfo> devices = devices(new Driver());
    assertEquals(List.of("Test GPU 1", "Test GPU 0"), devices.stream().map(DeviceInfo::name).toList());
    DeviceInfo second = devices.get(1);
    List<String> notes = List.of(CudaProbe.STANDING);
    assertEquals(new DeviceInfo("cuda", 0, "Test GPU 0", false, 80L << 30, List.of("sm_90", "cuda-12.8", "sm_90"), notes), second);
    assertEquals("kernels are those for sm_90, which sm_91 runs as they are", devices.get(0).notes().getFirst());
  }

  @Test
  void aDriverWithoutGraphsSaysHowRecordingsRun() throws IOException {
    SymbolLookup all = complete(library(new Driver()));
    for (String missing : CudaCalls.GRAPH_FUNCTIONS) {
      List<DeviceInfo> devices = devices(name -> name.equals(missing) ? Optional.empty() : all.find(name));
      assertTrue(devices.getFirst().notes().contains("recordings launch their kernels one by one: the driver is older than CUDA 11.4"),
          missing);
    }
  }

  @Test
  void aDeviceThatIsTooOldIsLeftOutWithTheReason() throws IOException {
    Driver driver = new Driver();
    driver.majors = new int[]{7, 9};
    List<DeviceInfo> devices = devices(driver);
    assertEquals(1, devices.size());
    assertEquals("device 0, Test GPU 0 (sm_70, 80.0 GiB, driver for CUDA 12.8), is left out: kernels need sm_80 or later",
        devices.getFirst().notes().getLast());
    driver.majors = new int[]{7, 5};
    Rejection rejection = look(complete(library(driver)));
    assertEquals("no-device", rejection.code());
    assertTrue(rejection.seen().contains("device 1, Test GPU 1 (sm_51"), rejection.seen());
  }

  @Test
  void aDeviceThatIsClosedToProgramsIsLeftOutWithTheReason() throws IOException {
    Driver driver = new Driver();
    driver.computeMode = 2;
    Rejection rejection = look(complete(library(driver)));
    assertEquals("no-device", rejection.code());
    assertTrue(rejection.seen().contains("prohibited"), rejection.seen());
  }

  @Test
  void withoutKernelsTheDevicesAreNamed() throws IOException {
    kernels = () -> {
      throw new KernelException("resource is missing");
    };
    Rejection rejection = look(complete(library(new Driver())));
    assertEquals("no-kernels", rejection.code());
    assertEquals("found Test GPU 0 (sm_90, 80.0 GiB, driver for CUDA 12.8); Test GPU 1 (sm_91, 80.0 GiB, driver for CUDA 12.8),"
        + " but there are no CUDA kernels: resource is missing", rejection.seen());
    assertTrue(rejection.fix().contains("leave the choice"));
  }

  @Test
  void windowsNeedsTheLibraryOnly() throws IOException {
    Machine windows = machine("windows", "x86_64");
    assertEquals("no-library", look(windows, true, NEVER_LOADED).code());
    create("Windows/System32/nvcuda.dll");
    SymbolLookup library = complete(library(new Driver()));
    assertEquals(2, probe(windows, true, _ -> library).devices().size());
  }

  /** Two GPUs behind the functions of the CUDA driver; like the real one it refuses every call before cuInit. */
  private final class Driver {
    int initResult;
    int count = 2;
    int version = 12080;
    int[] majors = {9, 9};
    int computeMode;
    private boolean started;

    int cuInit(int flags) {
      started = initResult == 0 && flags == 0;
      return initResult;
    }

    int cuDriverGetVersion(MemorySegment out) {
      out.set(ValueLayout.JAVA_INT, 0, version);
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
      out.set(ValueLayout.JAVA_INT, 0, switch (attribute) {
        case 75 -> majors[device - 10];
        case 76 -> device - 10;
        case 20 -> computeMode;
        default -> throw new AssertionError("attribute " + attribute);
      });
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
