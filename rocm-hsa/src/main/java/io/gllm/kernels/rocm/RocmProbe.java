package io.gllm.kernels.rocm;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Looks for AMD GPUs: device file and its permission, library file, native access, HSA runtime, in this order, so that the
 * runtime is only touched where there is hope.
 *
 * @param machine the files to look at
 * @param nativeAccess whether this module may call native code without a warning
 * @param loader opens a library
 */
record RocmProbe(Machine machine, BooleanSupplier nativeAccess, Function<Path, SymbolLookup> loader) {
  private static final String LIBRARY = "libhsa-runtime64.so.1";

  static RocmProbe ofThisMachine() {
    return new RocmProbe(Machine.current(), RocmProbe.class.getModule()::isNativeAccessEnabled,
        path -> SymbolLookup.libraryLookup(path.toString(), Arena.global()));
  }

  /** Why the backend is not used, up to the devices that were found but have no kernels yet. */
  Rejection look() {
    if (!machine.platform().equals("linux-x86_64")) {
      return new Rejection("unsupported-system", "there is no HSA runtime for " + machine.platform(),
          "use a machine with Linux on x86-64 and an AMD GPU");
    }
    Optional<Path> device = machine.first("/dev/kfd", "/dev/dxg");
    if (device.isEmpty()) {
      return new Rejection("no-driver", "/dev/kfd does not exist: no AMD GPU driver with compute support is loaded",
          "load the amdgpu kernel driver, or give the container access (docker run --device /dev/kfd --device /dev/dri)");
    }
    if (!Files.isReadable(device.get()) || !Files.isWritable(device.get())) {
      return new Rejection("no-permission", device.get() + " exists, but this user may not open it",
          "add the user to the groups render and video, then log in again");
    }
    Optional<Path> library = machine.library(LIBRARY, folders());
    if (library.isEmpty()) {
      return new Rejection("no-library", "the library " + LIBRARY + " of ROCm was not found",
          "install the HSA runtime (package hsa-rocr or libhsa-runtime64-1)");
    }
    if (!nativeAccess.getAsBoolean()) {
      return Rejection.nativeAccessDisabled(getClass().getModule(), "the HSA runtime is installed (" + library.get() + ")");
    }
    return ask(library.get());
  }

  /** ROCm installs into /opt/rocm or, with several versions side by side, into /opt/rocm-(version); the newest comes first. */
  private String[] folders() {
    List<Path> versions = machine.list("/opt", "rocm-*").reversed();
    return Stream.concat(Stream.of("/opt/rocm"), versions.stream().map(path -> "/opt/" + path.getFileName()))
        .map(folder -> folder + "/lib").toArray(String[]::new);
  }

  private Rejection ask(Path library) {
    SymbolLookup symbols;
    try {
      symbols = loader.apply(library);
    } catch (IllegalArgumentException e) {
      return new Rejection("library-unusable", library + " could not be loaded: " + e.getMessage(), "reinstall the HSA runtime");
    }
    try {
      List<String> devices = new HsaRuntime(library.toString(), symbols).describeDevices();
      return new Rejection("no-kernels", "found " + String.join("; ", devices) + ", but this version carries no ROCm kernels",
          "leave the choice to the library, or name another backend");
    } catch (BackendUnavailableException e) {
      return e.rejection();
    }
  }
}
