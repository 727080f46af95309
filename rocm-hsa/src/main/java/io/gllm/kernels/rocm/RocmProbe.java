package io.gllm.kernels.rocm;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Looks for AMD GPUs: device file and its permission, library file, native access, HSA runtime, in this order, so that the
 * runtime is only touched where there is hope.
 *
 * @param machine the files to look at
 * @param nativeAccess whether this module may call native code without a warning
 * @param loader opens a library
 * @param blobs the compiled kernels; throws {@link KernelException} if there are none
 */
record RocmProbe(Machine machine, BooleanSupplier nativeAccess, Function<Path, SymbolLookup> loader, Supplier<RocmBlobs> blobs) {
  private static final String LIBRARY = "libhsa-runtime64.so.1";

  static RocmProbe ofThisMachine() {
    return new RocmProbe(Machine.current(), RocmProbe.class.getModule()::isNativeAccessEnabled,
        path -> SymbolLookup.libraryLookup(path.toString(), Arena.global()), RocmBlobs::onClassPath);
  }

  /** A GPU that kernels run on, with those kernels and the runtime. */
  record Usable(RocmGpu gpu, RocmBlobs blobs, RocmBlobs.Choice choice, HsaLibrary library, DeviceInfo info) {
    /** The same with more notes. */
    Usable with(List<String> notes) {
      DeviceInfo told = new DeviceInfo(info.backend(), info.index(), info.name(), info.software(), info.memory(), info.features(),
          Stream.concat(info.notes().stream(), notes.stream()).toList());
      return new Usable(gpu, blobs, choice, library, told);
    }
  }

  /** The devices, or the reason why there are none. */
  Probe probe() {
    try {
      return Probe.found(look().stream().map(Usable::info).toList());
    } catch (BackendUnavailableException e) {
      return new Probe(List.of(), e.rejection());
    }
  }

  /**
   * The usable GPUs, best first.
   *
   * @throws BackendUnavailableException if there is none
   */
  List<Usable> look() {
    if (!machine.platform().equals("linux-x86_64")) {
      throw rejected("unsupported-system", "there is no HSA runtime for " + machine.platform(),
          "use a machine with Linux on x86-64 and an AMD GPU");
    }
    Path device = machine.first("/dev/kfd", "/dev/dxg").orElseThrow(() -> rejected("no-driver",
        "/dev/kfd does not exist: no AMD GPU driver with compute support is loaded",
        "load the amdgpu kernel driver, or give the container access (docker run --device /dev/kfd --device /dev/dri)"));
    if (!Files.isReadable(device) || !Files.isWritable(device)) {
      throw rejected("no-permission", device + " exists, but this user may not open it",
          "add the user to the groups render and video, then log in again");
    }
    Path library = machine.library(LIBRARY, folders()).orElseThrow(() -> rejected("no-library",
        "the library " + LIBRARY + " of ROCm was not found", "install the HSA runtime (package hsa-rocr or libhsa-runtime64-1)"));
    if (!nativeAccess.getAsBoolean()) {
      throw new BackendUnavailableException("rocm",
          Rejection.nativeAccessDisabled(getClass().getModule(), "the HSA runtime is installed (" + library + ")"));
    }
    HsaLibrary hsa = new HsaLibrary(library.toString(), load(library));
    return usable(hsa, gpus(new HsaCalls(hsa)));
  }

  /** ROCm installs into /opt/rocm or, with several versions side by side, into /opt/rocm-(version); the newest comes first. */
  private String[] folders() {
    List<Path> versions = machine.list("/opt", "rocm-*").reversed();
    return Stream.concat(Stream.of("/opt/rocm"), versions.stream().map(path -> "/opt/" + path.getFileName()))
        .map(folder -> folder + "/lib").toArray(String[]::new);
  }

  private SymbolLookup load(Path library) {
    try {
      return loader.apply(library);
    } catch (IllegalArgumentException e) {
      throw rejected("library-unusable", library + " could not be loaded: " + e.getMessage(), "reinstall the HSA runtime");
    }
  }

  /** Starts the runtime, asks for its GPUs, and stops it. */
  static List<RocmGpu> gpus(HsaCalls calls) {
    int started = calls.init();
    if (started == HsaCalls.OUT_OF_RESOURCES) {
      throw rejected("no-device", "hsa_init answered " + calls.explain(started) + ", which means that there is no usable AMD GPU",
          "check that the GPU is visible to this process (rocminfo, ROCR_VISIBLE_DEVICES, container settings)");
    }
    if (started != 0) {
      throw failed("hsa_init answered " + calls.explain(started));
    }
    List<RocmGpu> gpus;
    try {
      gpus = RocmGpu.all(calls);
    } catch (KernelException e) {
      new Closing(calls).step(calls::stop);
      throw failed(e.getMessage());
    }
    try {
      calls.stop();
    } catch (KernelException e) {
      throw failed(e.getMessage());
    }
    if (gpus.isEmpty()) {
      throw rejected("no-device", "the HSA runtime runs but reports no GPU", "check ROCR_VISIBLE_DEVICES and rocminfo");
    }
    return gpus;
  }

  private List<Usable> usable(HsaLibrary hsa, List<RocmGpu> gpus) {
    RocmBlobs kernels;
    try {
      kernels = blobs.get();
    } catch (KernelException e) {
      String found = String.join("; ", gpus.stream().map(RocmGpu::describe).toList());
      throw rejected("no-kernels", "found " + found + ", but there are no ROCm kernels: " + e.getMessage(),
          "leave the choice to the library, or name another backend");
    }
    List<Usable> usable = new ArrayList<>();
    List<String> left = new ArrayList<>();
    for (RocmGpu gpu : gpus) {
      try {
        String obstacle = gpu.obstacle();
        if (obstacle != null) {
          throw new KernelException(gpu.describe() + " is left out: " + obstacle);
        }
        usable.add(describe(gpu, kernels, hsa));
      } catch (KernelException e) {
        left.add("device " + gpu.ordinal() + ": " + e.getMessage());
      }
    }
    if (usable.isEmpty()) {
      throw rejected("no-kernels", String.join("; ", left), "use a GPU that is listed, or another backend");
    }
    usable.sort(Comparator.comparingLong((Usable found) -> found.gpu().memory()).reversed());
    return usable.stream().map(found -> found.with(left)).toList();
  }

  private static Usable describe(RocmGpu gpu, RocmBlobs kernels, HsaLibrary hsa) {
    RocmBlobs.Choice choice = kernels.choose(gpu);
    List<String> notes = new ArrayList<>(choice.notes());
    notes.add("the ROCm backend ran on a stand-in for the HSA runtime, not yet run on hardware");
    List<String> features = List.of(choice.chip().name(), choice.blob().target());
    DeviceInfo info = new DeviceInfo("rocm", gpu.ordinal(), gpu.name(), false, gpu.memory(), features, notes);
    return new Usable(gpu, kernels, choice, hsa, info);
  }

  private static BackendUnavailableException failed(String seen) {
    return rejected("driver-error", seen, "check rocminfo and the kernel log (dmesg)");
  }

  private static BackendUnavailableException rejected(String code, String seen, String fix) {
    return new BackendUnavailableException("rocm", new Rejection(code, seen, fix));
  }
}
