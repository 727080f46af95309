package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.testkit.ProbeConformance;
import io.gllm.kernels.testkit.StandInLibrary;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class VulkanProbeTest extends ProbeConformance {
  VulkanProbeTest() {
    super("vulkan", "libvulkan.so.1", MethodHandles.lookup());
  }

  @Override
  protected Rejection look(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    return new VulkanProbe(machine, () -> nativeAccess, loader::apply).look();
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
    assertEquals("no-kernels", look(linux(), true, path -> library).code());
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
    Rejection rejection = look(library(loader));
    assertEquals("no-kernels", rejection.code());
    assertEquals("found Test GPU 1 (discrete, 12.0 GiB, Vulkan 1.3); Test GPU 2 (software, 12.0 GiB, Vulkan 1.3),"
        + " but this version carries no Vulkan kernels", rejection.seen());
    assertEquals(0, loader.instances, "the instance was not closed");
  }

  @Test
  void windowsNeedsTheLibraryOnly() throws IOException {
    Machine windows = machine("windows", "x86_64");
    assertEquals("no-library", look(windows, true, NEVER_LOADED).code());
    create("Windows/System32/vulkan-1.dll");
    StandInLibrary library = library(new Loader());
    assertEquals("no-kernels", look(windows, true, path -> library).code());
  }

  @Test
  void theInstalledSoftwareDriverIsFound() {
    Optional<Path> library = Machine.current().library("libvulkan.so.1");
    assumeTrue(library.isPresent(), "no Vulkan loader is installed");
    assumeTrue(!Machine.current().list("/usr/share/vulkan/icd.d", "lvp*.json").isEmpty(), "no software driver is installed");
    VulkanLoader loader = new VulkanLoader(library.get().toString(), SymbolLookup.libraryLookup(library.get().toString(), Arena.global()));
    String devices = String.join("; ", loader.describeDevices());
    assertTrue(devices.matches("(.*; )?llvmpipe .* \\(software, [0-9.]+ GiB, Vulkan 1\\.[0-9]\\).*"), devices);
  }

  /** A discrete GPU (handle 1) and a software device (handle 2) behind the functions of the Vulkan loader. */
  private static final class Loader {
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

    void vkGetPhysicalDeviceProperties(MemorySegment device, MemorySegment out) {
      out.set(ValueLayout.JAVA_INT, 0, 1 << 22 | 3 << 12 | 230);
      out.set(ValueLayout.JAVA_INT, 16, device.address() == 1 ? 2 : 4);
      out.setString(20, "Test GPU " + device.address());
    }

    void vkGetPhysicalDeviceMemoryProperties(MemorySegment device, MemorySegment out) {
      out.set(ValueLayout.JAVA_INT, 260, 2);
      out.set(ValueLayout.JAVA_LONG, 264, 12L << 30);
      out.set(ValueLayout.JAVA_INT, 272, 1);
      out.set(ValueLayout.JAVA_LONG, 280, 64L << 30);
    }
  }
}
