package io.gllm.kernels.metal;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Looks for the GPU of a Mac: operating system, framework folder, native access, Metal itself, in this order.
 *
 * @param machine the files to look at
 * @param nativeAccess whether this module may call native code without a warning
 * @param loader opens a library by its path; the libraries of macOS have no files, they live in the shared cache of the loader
 */
record MetalProbe(Machine machine, BooleanSupplier nativeAccess, Function<String, SymbolLookup> loader) {
  private static final String FRAMEWORKS = "/System/Library/Frameworks/";
  private static final String FRAMEWORK = FRAMEWORKS + "Metal.framework";

  static MetalProbe ofThisMachine() {
    return new MetalProbe(Machine.current(), MetalProbe.class.getModule()::isNativeAccessEnabled,
        path -> SymbolLookup.libraryLookup(path, Arena.global()));
  }

  /** Why the backend is not used, up to the device that was found but has no kernels yet. */
  Rejection look() {
    if (!List.of("macos-aarch64", "macos-x86_64").contains(machine.platform())) {
      return new Rejection("unsupported-system", "Metal exists on macOS only, this is " + machine.platform(),
          "nothing: on this system another backend is used");
    }
    if (machine.first(FRAMEWORK).isEmpty()) {
      return new Rejection("no-library", FRAMEWORK + " does not exist", "use macOS 13 or later");
    }
    if (!nativeAccess.getAsBoolean()) {
      return Rejection.nativeAccessDisabled(getClass().getModule(), "Metal is installed");
    }
    return ask();
  }

  private Rejection ask() {
    SymbolLookup symbols;
    try {
      symbols = loader.apply("/usr/lib/libobjc.A.dylib").or(loader.apply(FRAMEWORK + "/Metal"));
      // A process without windows may get no default device unless this framework is loaded.
      loader.apply(FRAMEWORKS + "CoreGraphics.framework/CoreGraphics");
    } catch (IllegalArgumentException e) {
      return new Rejection("library-unusable", "Metal could not be loaded: " + e.getMessage(), "use macOS 13 or later");
    }
    try {
      return new Rejection("no-kernels",
          "found " + new MetalRuntime(symbols).describeDevice() + ", but this version carries no Metal kernels",
          "leave the choice to the library, or name another backend");
    } catch (BackendUnavailableException e) {
      return e.rejection();
    }
  }
}
