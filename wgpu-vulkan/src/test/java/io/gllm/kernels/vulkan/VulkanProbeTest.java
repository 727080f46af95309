package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
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
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class VulkanProbeTest extends ProbeConformance {
  VulkanProbeTest() {
    super("vulkan", "libvulkan.so.1", MethodHandles.lookup());
  }

  @Override
  protected Rejection look(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    return probe(machine, nativeAccess, loader).rejection();
  }

  private static Probe probe(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    return new VulkanProbe(machine, () -> nativeAccess, loader::apply).look();
  }

  private List<DeviceInfo> devices(Loader loader) throws IOException {
    StandInLibrary library = library(loader);
    return probe(install(), true, path -> library).devices();
  }

  @Override
  protected Machine install() throws IOException {
    create("dev/dri/renderD128");
    create("usr/lib/x86_64-linux-gnu/libvulkan.so.1");
    return linux();
  }

  @Test
  void otherSystemsAreRejected() {
    Machine mac = machine("macos", "aarch64");
    Rejection rejection = look(mac, true, NEVER_LOADED);
    assertEquals("unsupported-system", rejection.code());
    assertTrue(rejection.fix().contains("Metal"));
  }

  @Test
  void withoutDeviceFileNothingIsLoaded() throws IOException {
    create("usr/lib/x86_64-linux-gnu/libvulkan.so.1");
    create("usr/share/vulkan/icd.d/radeon_icd.x86_64.json");
    create("dev/dri/card0");
    Rejection rejection = look(linux(), true, NEVER_LOADED);
    assertEquals("no-driver", rejection.code());
    assertTrue(rejection.seen().contains("/dev/dri/renderD*"));
  }

  @Test
  void withoutLibraryNothingIsLoaded() throws IOException {
    create("dev/dri/renderD128");
    Rejection rejection = look(linux(), true, NEVER_LOADED);
    assertEquals("no-library", rejection.code());
    assertTrue(rejection.seen().contains("libvulkan.so.1"));
  }

  @Test
  void aSoftwareDriverNeedsNoDeviceFile() throws IOException {
    create("usr/share/vulkan/icd.d/lvp_icd.x86_64.json");
    create("usr/lib/x86_64-linux-gnu/libvulkan.so.1");
    StandInLibrary library = library(new Loader());
    assertEquals(2, probe(linux(), true, path -> library).devices().size());
  }

  @Test
  void aMissingFunctionIsNamed() throws IOException {
    Rejection rejection = look(library(new Loader()).without("vkGetPhysicalDeviceProperties"));
    assertEquals("missing-symbol", rejection.code());
    assertTrue(rejection.seen().contains("vkGetPhysicalDeviceProperties"));
  }

  @Test
  void errorsAreNamed() throws IOException {
    Loader loader = new Loader();
    loader.result = -3;
    assertEquals("vkCreateInstance answered -3 (VK_ERROR_INITIALIZATION_FAILED)", look(library(loader)).seen());
    assertEquals("driver-error", look(library(loader)).code());
    loader.result = -9;
    assertEquals("no-device", look(library(loader)).code());
  }

  @Test
  void aLoaderWithoutDevicesHasNoDevice() throws IOException {
    Loader loader = new Loader();
    loader.count = 0;
    assertEquals("no-device", look(library(loader)).code());
    assertEquals(0, loader.instances, "the instance was not closed");
  }

  @Test
  void everyDeviceIsDescribed() throws IOException {
    Loader loader = new Loader();
    DeviceInfo gpu = devices(loader).get(0);
    assertEquals("vulkan 0 Test GPU 1 12884901888 [vulkan 1.3]",
        String.join(" ", gpu.backend(), "" + gpu.index(), gpu.name(), "" + gpu.memory(), gpu.features().toString()));
    assertEquals(List.of("the Vulkan backend was tested on Mesa's llvmpipe, never on a GPU"), gpu.notes());
    DeviceInfo software = devices(loader).get(1);
    assertTrue(software.software());
    assertEquals(List.of(), software.notes());
    assertEquals(0, loader.instances, "the instance was not closed");
  }

  @Test
  void discreteComesBeforeIntegratedBeforeVirtualBeforeOthersBeforeSoftware() throws IOException {
    Loader loader = new Loader();
    loader.types = new int[]{4, 0, 3, 1, 2};
    loader.count = 5;
    List<DeviceInfo> devices = devices(loader);
    assertEquals(List.of("Test GPU 5", "Test GPU 4", "Test GPU 3", "Test GPU 2", "Test GPU 1"),
        devices.stream().map(DeviceInfo::name).toList());
    assertEquals(List.of(false, false, false, false, true), devices.stream().map(DeviceInfo::software).toList());
    assertEquals(List.of(0, 1, 2, 3, 4), devices.stream().map(DeviceInfo::index).toList());
  }

  /** What a device needs, and how the second one is made to lack it. */
  static Stream<Arguments> needs() {
    Consumer<Loader> old = loader -> loader.version = 1 << 22 | 1 << 12;
    Consumer<Loader> timeline = loader -> loader.timeline = 0;
    Consumer<Loader> buffers = loader -> loader.storageBuffers = 4;
    Consumer<Loader> push = loader -> loader.pushConstants = 127;
    Consumer<Loader> shared = loader -> loader.sharedMemory = 16383;
    Consumer<Loader> threads = loader -> loader.invocations = 128;
    Consumer<Loader> queue = loader -> loader.queueFlags = 1 | 4;
    return Stream.of(Arguments.of(old, "Vulkan 1.2"), Arguments.of(timeline, "timeline semaphores"),
        Arguments.of(buffers, "8 storage buffers of a kernel (it has 4)"),
        Arguments.of(push, "128 bytes of push constants (it has 127)"),
        Arguments.of(shared, "16384 bytes of shared memory (it has 16383)"),
        Arguments.of(threads, "256 threads of a work group (it has 128)"), Arguments.of(queue, "a compute queue"));
  }

  @ParameterizedTest
  @MethodSource("needs")
  void aDeviceThatLacksSomethingIsLeftOutWithTheReason(Consumer<Loader> weakness, String lacks) throws IOException {
    Loader loader = new Loader();
    weakness.accept(loader);
    List<DeviceInfo> devices = devices(loader);
    assertEquals(List.of("Test GPU 1"), devices.stream().map(DeviceInfo::name).toList());
    String note = devices.getFirst().notes().getLast();
    assertTrue(note.startsWith("left out: Test GPU 2 (software, 12.0 GiB, Vulkan 1."), note);
    assertTrue(note.endsWith(" lacks " + lacks), note);
  }

  @Test
  void withoutAnyUsableDeviceEachOneSaysWhatItLacks() throws IOException {
    Loader loader = new Loader();
    loader.weakest = 1;
    loader.timeline = 0;
    Rejection rejection = look(library(loader));
    assertEquals("no-device", rejection.code());
    assertEquals("found Test GPU 1 (discrete, 12.0 GiB, Vulkan 1.3) lacks timeline semaphores;"
        + " Test GPU 2 (software, 12.0 GiB, Vulkan 1.3) lacks timeline semaphores", rejection.seen());
  }

  @Test
  void windowsNeedsTheLibraryOnly() throws IOException {
    Machine windows = machine("windows", "x86_64");
    assertEquals("no-library", look(windows, true, NEVER_LOADED).code());
    create("Windows/System32/vulkan-1.dll");
    StandInLibrary library = library(new Loader());
    assertEquals(2, probe(windows, true, path -> library).devices().size());
  }

  @Test
  void theInstalledSoftwareDriverIsFound() {
    VulkanProbe.Found found = Llvmpipe.found();
    String devices = found.all().stream().map(PhysicalDevice::describe).collect(Collectors.joining("; "));
    assertTrue(devices.matches("(.*; )?llvmpipe .* \\(software, [0-9.]+ GiB, Vulkan 1\\.[0-9]\\).*"), devices);
  }

  @Test
  void aDeviceThatIsGoneIsNotReplacedByAnother() {
    Llvmpipe.found();
    DeviceInfo gone = new DeviceInfo("vulkan", 0, "a card that was pulled out", false, -1, List.of(), List.of());
    BackendUnavailableException e = assertThrows(BackendUnavailableException.class,
        () -> new VulkanBackendProvider().open(gone, BackendConfig.DEFAULT));
    assertTrue(e.getMessage().contains("a card that was pulled out"), e.getMessage());
  }

  /** A discrete GPU (handle 1) and a software device (handle 2), which may be weak, behind the functions of the Vulkan loader. */
  private static final class Loader {
    int[] types = {2, 4};
    int weakest = 2;
    int version = 1 << 22 | 3 << 12 | 230;
    int timeline = 1;
    int storageBuffers = 8;
    int pushConstants = 128;
    int sharedMemory = 16384;
    int invocations = 256;
    int queueFlags = 2;
    int result;
    int count = 2;
    int instances;

    int vkCreateInstance(MemorySegment info, MemorySegment allocator, MemorySegment out) {
      MemorySegment application = info.get(ValueLayout.ADDRESS, 24).reinterpret(48);
      if (info.get(ValueLayout.JAVA_INT, 0) != 1 || application.get(ValueLayout.JAVA_INT, 44) >>> 12 != (1 << 10 | 2)) {
        return -6;
      }
      instances += result == 0 ? 1 : 0;
      out.set(ValueLayout.JAVA_LONG, 0, 7);
      return result;
    }

    void vkDestroyInstance(MemorySegment instance, MemorySegment allocator) {
      instances -= instance.address() == 7 ? 1 : 0;
    }

    int vkEnumeratePhysicalDevices(MemorySegment instance, MemorySegment number, MemorySegment devices) {
      int written = Math.min(count, number.get(ValueLayout.JAVA_INT, 0));
      for (int i = 0; i < written; i++) {
        devices.setAtIndex(ValueLayout.JAVA_LONG, i, 1 + i);
      }
      number.set(ValueLayout.JAVA_INT, 0, written);
      return 0;
    }

    private boolean isWeak(MemorySegment device) {
      return device.address() >= weakest;
    }

    void vkGetPhysicalDeviceProperties(MemorySegment device, MemorySegment out) {
      boolean weak = isWeak(device);
      out.set(ValueLayout.JAVA_INT, 0, weak ? version : 1 << 22 | 3 << 12);
      out.set(ValueLayout.JAVA_INT, 16, types[(int) device.address() - 1]);
      out.setString(20, "Test GPU " + device.address());
      MemorySegment limits = out.asSlice(296, 504);
      limits.set(ValueLayout.JAVA_INT, 32, weak ? pushConstants : 256);
      limits.set(ValueLayout.JAVA_INT, 76, weak ? storageBuffers : -1);
      limits.set(ValueLayout.JAVA_INT, 216, weak ? sharedMemory : 32768);
      limits.set(ValueLayout.JAVA_INT, 232, weak ? invocations : 1024);
    }

    void vkGetPhysicalDeviceFeatures2(MemorySegment device, MemorySegment out) {
      MemorySegment next = out.get(ValueLayout.ADDRESS, 8).reinterpret(24);
      if (out.get(ValueLayout.JAVA_INT, 0) == 1000059000 && next.get(ValueLayout.JAVA_INT, 0) == 1000207000) {
        next.set(ValueLayout.JAVA_INT, 16, isWeak(device) ? timeline : 1);
      }
    }

    void vkGetPhysicalDeviceQueueFamilyProperties(MemorySegment device, MemorySegment number, MemorySegment families) {
      families.set(ValueLayout.JAVA_INT, 0, 4);
      families.set(ValueLayout.JAVA_INT, 24, isWeak(device) ? queueFlags : 7);
      number.set(ValueLayout.JAVA_INT, 0, 2);
    }

    void vkGetPhysicalDeviceMemoryProperties(MemorySegment device, MemorySegment out) {
      out.set(ValueLayout.JAVA_INT, 260, 2);
      out.set(ValueLayout.JAVA_LONG, 264, 12L << 30);
      out.set(ValueLayout.JAVA_INT, 272, 1);
      out.set(ValueLayout.JAVA_LONG, 280, 64L << 30);
    }
  }
}
