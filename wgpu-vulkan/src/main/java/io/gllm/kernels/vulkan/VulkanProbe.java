package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Looks for Vulkan devices: device file or software driver, loader library, native access, loader, in this order, so that the
 * loader is only touched where there is hope.
 *
 * @param machine the files to look at
 * @param nativeAccess whether this module may call native code without a warning
 * @param loader opens a library
 */
record VulkanProbe(Machine machine, BooleanSupplier nativeAccess, Function<Path, SymbolLookup> loader) {
  private static final List<String> PLATFORMS = List.of("linux-x86_64", "linux-aarch64", "windows-x86_64");
  private static final List<String> DRIVER_FOLDERS = List.of("/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d",
      "/etc/vulkan/icd.d");

  static VulkanProbe ofThisMachine() {
    return new VulkanProbe(Machine.current(), VulkanProbe.class.getModule()::isNativeAccessEnabled,
        path -> SymbolLookup.libraryLookup(path.toString(), Arena.global()));
  }

  /** Why the backend is not used, up to the devices that were found but have no kernels yet. */
  Rejection look() {
    if (!PLATFORMS.contains(machine.platform())) {
      return new Rejection("unsupported-system", "the Vulkan backend does not run on " + machine.platform(),
          machine.os().equals("macos") ? "nothing: on macOS the Metal backend is used" : "use a machine with Linux or Windows");
    }
    boolean windows = machine.os().equals("windows");
    if (!windows && !hasDevice() && !hasSoftwareDriver()) {
      return new Rejection("no-driver", "neither /dev/dri/renderD* nor another GPU device file exists, and no software driver is installed",
          "install the GPU's driver, or give the container access (docker run --device /dev/dri)");
    }
    String file = windows ? "vulkan-1.dll" : "libvulkan.so.1";
    Optional<Path> library = machine.library(file);
    if (library.isEmpty()) {
      return new Rejection("no-library", "the Vulkan loader " + file + " was not found",
          windows ? "install the GPU's driver, which brings it" : "install it (package libvulkan1 or vulkan-loader)");
    }
    if (!nativeAccess.getAsBoolean()) {
      return Rejection.nativeAccessDisabled(getClass().getModule(), "the Vulkan loader is installed (" + library.get() + ")");
    }
    return ask(library.get());
  }

  private boolean hasDevice() {
    return !machine.list("/dev/dri", "renderD*").isEmpty() || machine.first("/dev/nvidiactl", "/dev/dxg", "/dev/mali0").isPresent();
  }

  /** Mesa's llvmpipe ("lavapipe") and SwiftShader need no device file; their manifests tell that they are installed. */
  private boolean hasSoftwareDriver() {
    return DRIVER_FOLDERS.stream().anyMatch(folder -> !machine.list(folder, "{lvp,vk_swiftshader}*.json").isEmpty());
  }

  private Rejection ask(Path library) {
    SymbolLookup symbols;
    try {
      symbols = loader.apply(library);
    } catch (IllegalArgumentException e) {
      return new Rejection("library-unusable", library + " could not be loaded: " + e.getMessage(), "reinstall the Vulkan loader");
    }
    try {
      List<String> devices = new VulkanLoader(library.toString(), symbols).describeDevices();
      return new Rejection("no-kernels", "found " + String.join("; ", devices) + ", but this version carries no Vulkan kernels",
          "leave the choice to the library, or name another backend");
    } catch (BackendUnavailableException e) {
      return e.rejection();
    }
  }
}
