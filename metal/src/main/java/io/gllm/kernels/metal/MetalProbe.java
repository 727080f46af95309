package io.gllm.kernels.metal;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Looks for the GPU of a Mac: operating system, framework folder, native access, Metal itself, kernels, in this order.
 *
 * @param machine the files to look at
 * @param nativeAccess whether this module may call native code without a warning
 * @param loader opens a library by its path; the libraries of macOS have no files, they live in the shared cache of the loader
 * @param blobs the compiled kernels; throws {@link KernelException} if there are none
 */
record MetalProbe(Machine machine, BooleanSupplier nativeAccess, Function<String, SymbolLookup> loader, Supplier<MetalBlobs> blobs) {
  static final String STANDING = "the Metal backend ran its kernels on a processor behind a stand-in for Metal, not yet run on hardware";
  private static final String FRAMEWORKS = "/System/Library/Frameworks/";
  private static final String FRAMEWORK = FRAMEWORKS + "Metal.framework";
  private static final long FAMILY_APPLE_7 = 1007;
  private static final long FAMILY_METAL_3 = 5001;

  static MetalProbe ofThisMachine() {
    return new MetalProbe(Machine.current(), MetalProbe.class.getModule()::isNativeAccessEnabled,
        path -> SymbolLookup.libraryLookup(path, Arena.global()), MetalBlobs::onClassPath);
  }

  /** A GPU that kernels run on, with those kernels and the way to it. */
  record Usable(MetalCalls calls, MetalBlobs blobs, DeviceInfo info) {}

  /**
   * The GPU.
   *
   * @throws BackendUnavailableException if there is none that is usable
   */
  Usable look() {
    if (!List.of("macos-aarch64", "macos-x86_64").contains(machine.platform())) {
      throw rejected("unsupported-system", "Metal exists on macOS only, this is " + machine.platform(),
          "nothing: on this system another backend is used");
    }
    if (machine.first(FRAMEWORK).isEmpty()) {
      throw rejected("no-library", FRAMEWORK + " does not exist", "use macOS 13 or later");
    }
    if (!nativeAccess.getAsBoolean()) {
      throw new BackendUnavailableException("metal", Rejection.nativeAccessDisabled(getClass().getModule(), "Metal is installed"));
    }
    MetalCalls calls = new MetalCalls(load());
    DeviceInfo info = describeDevice(calls);
    try {
      return new Usable(calls, blobs.get(), info);
    } catch (KernelException e) {
      throw rejected("no-kernels", "found " + info.name() + ", but there are no Metal kernels: " + e.getMessage(),
          "leave the choice to the library, or name another backend");
    }
  }

  private SymbolLookup load() {
    try {
      SymbolLookup symbols = loader.apply("/usr/lib/libobjc.A.dylib").or(loader.apply(FRAMEWORK + "/Metal"))
          .or(loader.apply("/usr/lib/libSystem.B.dylib")); // dispatch_data
      // A process without windows may get no default device unless this framework is loaded.
      loader.apply(FRAMEWORKS + "CoreGraphics.framework/CoreGraphics");
      return symbols;
    } catch (IllegalArgumentException e) {
      throw rejected("library-unusable", "Metal could not be loaded: " + e.getMessage(), "use macOS 13 or later");
    }
  }

  private static DeviceInfo describeDevice(MetalCalls calls) {
    long pool = calls.push();
    try {
      long device = calls.systemDevice();
      if (device == 0) {
        throw rejected("no-device", "MTLCreateSystemDefaultDevice gave no device", "run in a login session of a Mac with a Metal GPU");
      }
      try {
        return describe(calls, device);
      } finally {
        calls.release(device);
      }
    } finally {
      calls.pop(pool);
    }
  }

  private static DeviceInfo describe(MetalCalls calls, long device) {
    String name = calls.name(device);
    if (!calls.supports(device, FAMILY_APPLE_7)) {
      throw rejected("no-device", "found " + name + ", which is not of the family Apple7 (M1 or later)",
          "use a Mac with Apple silicon, or another backend");
    }
    List<String> features = new ArrayList<>(List.of("Apple7"));
    if (calls.supports(device, FAMILY_METAL_3)) {
      features.add("Metal3");
    }
    return new DeviceInfo("metal", 0, name, false, calls.workingSet(device), features,
        List.of(STANDING, "recordings are encoded again for each replay: Metal runs a command buffer once"));
  }

  private static BackendUnavailableException rejected(String code, String seen, String fix) {
    return new BackendUnavailableException("metal", new Rejection(code, seen, fix));
  }
}
