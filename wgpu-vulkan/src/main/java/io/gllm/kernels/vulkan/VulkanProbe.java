package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lwjgl.system.Library;

/**
 * Looks for Vulkan devices: device file or software driver, loader library, native access, loader, in this order, so that the
 * loader is only touched where there is hope.
 *
 * @param machine the files to look at
 * @param nativeAccess whether this module and LWJGL may call native code without a warning
 * @param loader opens a library
 */
record VulkanProbe(Machine machine, BooleanSupplier nativeAccess, Function<Path, SymbolLookup> loader) {
  private static final List<String> PLATFORMS = List.of("linux-x86_64", "linux-aarch64", "windows-x86_64");
  private static final List<String> DRIVER_FOLDERS = List.of("/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d",
      "/etc/vulkan/icd.d");

  private static final List<Module> NATIVE_MODULES = List.of(VulkanProbe.class.getModule(), Library.class.getModule());

  static VulkanProbe ofThisMachine() {
    return new VulkanProbe(Machine.current(), () -> NATIVE_MODULES.stream().allMatch(Module::isNativeAccessEnabled),
        path -> SymbolLookup.libraryLookup(path.toString(), Arena.global()));
  }

  /**
   * Devices behind a loader.
   *
   * @param library the loader
   * @param all every device of the loader
   * @param usable those that can be used, best first; never empty
   */
  record Found(Path library, List<PhysicalDevice> all, List<PhysicalDevice> usable) {
    /** The usable devices for the dispatcher. */
    List<DeviceInfo> infos() {
      return IntStream.range(0, usable.size()).mapToObj(i -> usable.get(i).info(i, all)).toList();
    }
  }

  /** The devices, or why there are none. */
  Probe look() {
    try {
      return Probe.found(search().infos());
    } catch (BackendUnavailableException e) {
      return new Probe(List.of(), e.rejection());
    }
  }

  /**
   * Finds the devices.
   *
   * @throws BackendUnavailableException with the reason why there are none
   */
  Found search() {
    Rejection hopeless = gates();
    if (hopeless != null) {
      throw new BackendUnavailableException("vulkan", hopeless);
    }
    Path library = machine.library(loaderFile()).orElseThrow();
    List<PhysicalDevice> all = ask(library);
    List<PhysicalDevice> usable = PhysicalDevice.ranked(all);
    if (usable.isEmpty()) {
      String seen = "found " + all.stream().map(PhysicalDevice::describe).collect(Collectors.joining("; "));
      throw new BackendUnavailableException("vulkan",
          new Rejection("no-device", seen, "update the GPU's driver, or leave the choice to the library"));
    }
    return new Found(library, all, usable);
  }

  private String loaderFile() {
    return machine.os().equals("windows") ? "vulkan-1.dll" : "libvulkan.so.1";
  }

  /** The first reason to give up before the loader is touched, or null. */
  private Rejection gates() {
    if (!PLATFORMS.contains(machine.platform())) {
      return new Rejection("unsupported-system", "the Vulkan backend does not run on " + machine.platform(),
          machine.os().equals("macos") ? "nothing: on macOS the Metal backend is used" : "use a machine with Linux or Windows");
    }
    boolean windows = machine.os().equals("windows");
    if (!windows && !hasDevice() && !hasSoftwareDriver()) {
      return new Rejection("no-driver", "neither /dev/dri/renderD* nor another GPU device file exists, and no software driver is installed",
          "install the GPU's driver, or give the container access (docker run --device /dev/dri)");
    }
    Optional<Path> library = machine.library(loaderFile());
    if (library.isEmpty()) {
      return new Rejection("no-library", "the Vulkan loader " + loaderFile() + " was not found",
          windows ? "install the GPU's driver, which brings it" : "install it (package libvulkan1 or vulkan-loader)");
    }
    if (!nativeAccess.getAsBoolean()) {
      return nativeAccessDisabled("the Vulkan loader is installed (" + library.get() + ")");
    }
    return null;
  }

  /** On the module path LWJGL is a module of its own, which needs native access too. */
  private static Rejection nativeAccessDisabled(String seen) {
    Rejection own = Rejection.nativeAccessDisabled(VulkanProbe.class.getModule(), seen);
    String lwjgl = Library.class.getModule().getName();
    return lwjgl == null ? own : new Rejection(own.code(), own.seen() + " and " + lwjgl, own.fix() + "," + lwjgl);
  }

  private boolean hasDevice() {
    return !machine.list("/dev/dri", "renderD*").isEmpty() || machine.first("/dev/nvidiactl", "/dev/dxg", "/dev/mali0").isPresent();
  }

  /** Mesa's llvmpipe ("lavapipe") and SwiftShader need no device file; their manifests tell that they are installed. */
  private boolean hasSoftwareDriver() {
    return DRIVER_FOLDERS.stream().anyMatch(folder -> !machine.list(folder, "{lvp,vk_swiftshader}*.json").isEmpty());
  }

  private List<PhysicalDevice> ask(Path library) {
    SymbolLookup symbols;
    try {
      symbols = loader.apply(library);
    } catch (IllegalArgumentException e) {
      throw new BackendUnavailableException("vulkan",
          new Rejection("library-unusable", library + " could not be loaded: " + e.getMessage(), "reinstall the Vulkan loader"));
    }
    return new VulkanLoader(library.toString(), symbols).devices();
  }
}
