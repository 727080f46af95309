package io.gllm.kernels.cuda;

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
 * Looks for NVIDIA GPUs: device file, library file, native access, driver, in this order, so that the driver is only touched
 * where there is hope.
 *
 * @param machine the files to look at
 * @param nativeAccess whether this module may call native code without a warning
 * @param loader opens a library
 */
record CudaProbe(Machine machine, BooleanSupplier nativeAccess, Function<Path, SymbolLookup> loader) {
  private static final List<String> PLATFORMS = List.of("linux-x86_64", "linux-aarch64", "windows-x86_64");
  private static final String[] DEVICE_FILES = {"/dev/nvidiactl", "/dev/nvidia0", "/dev/nvhost-gpu", "/dev/dxg"};
  private static final String[] FOLDERS = {"/usr/local/nvidia/lib64", "/usr/lib/aarch64-linux-gnu/nvidia"};

  static CudaProbe ofThisMachine() {
    return new CudaProbe(Machine.current(), CudaProbe.class.getModule()::isNativeAccessEnabled,
        path -> SymbolLookup.libraryLookup(path.toString(), Arena.global()));
  }

  /** Why the backend is not used, up to the devices that were found but have no kernels yet. */
  Rejection look() {
    if (!PLATFORMS.contains(machine.platform())) {
      return new Rejection("unsupported-system", "there is no NVIDIA driver for " + machine.platform(),
          "use a machine with Linux or Windows and an NVIDIA GPU");
    }
    boolean windows = machine.os().equals("windows");
    if (!windows && machine.first(DEVICE_FILES).isEmpty()) {
      return new Rejection("no-driver", "none of " + String.join(", ", DEVICE_FILES) + " exists: no NVIDIA driver is loaded",
          "install the NVIDIA driver, or give the container access to the GPU (docker run --gpus all)");
    }
    String file = windows ? "nvcuda.dll" : "libcuda.so.1";
    Optional<Path> library = machine.library(file, FOLDERS);
    if (library.isEmpty()) {
      return new Rejection("no-library", "the library " + file + " of the NVIDIA driver was not found",
          "install the NVIDIA driver; in a container allow its compute part (NVIDIA_DRIVER_CAPABILITIES=compute,utility)");
    }
    if (!nativeAccess.getAsBoolean()) {
      return Rejection.nativeAccessDisabled(getClass().getModule(), "the NVIDIA driver is installed (" + library.get() + ")");
    }
    return ask(library.get());
  }

  private Rejection ask(Path library) {
    SymbolLookup symbols;
    try {
      symbols = loader.apply(library);
    } catch (IllegalArgumentException e) {
      return new Rejection("library-unusable", library + " could not be loaded: " + e.getMessage(),
          "reinstall the NVIDIA driver for " + machine.platform());
    }
    try {
      List<String> devices = new CudaDriver(library.toString(), symbols).describeDevices();
      return new Rejection("no-kernels", "found " + String.join("; ", devices) + ", but this version carries no CUDA kernels",
          "leave the choice to the library, or name another backend");
    } catch (BackendUnavailableException e) {
      return e.rejection();
    }
  }
}
