package io.gllm.kernels.cuda;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Looks for NVIDIA GPUs: device file, library file, JCuda, native access, driver, in this order, so that the driver is only touched
 * where there is hope. JCuda itself is not started: a driver that it cannot use would leave its classes unusable.
 *
 * @param machine the files to look at
 * @param nativeAccess whether this module may call native code without a warning
 * @param loader opens a library
 * @param jcuda why JCuda cannot be used on this platform, if so
 * @param blobs the compiled kernels; throws {@link KernelException} if there are none
 */
record CudaProbe(Machine machine, BooleanSupplier nativeAccess, Function<Path, SymbolLookup> loader,
    Function<Machine, Optional<Rejection>> jcuda, Supplier<CudaBlobs> blobs) {
  static final String STANDING = "the CUDA backend ran its kernels in an interpreter behind a stand-in for the driver, not yet run on hardware";
  private static final List<String> PLATFORMS = List.of("linux-x86_64", "windows-x86_64");
  private static final String[] DEVICE_FILES = {"/dev/nvidiactl", "/dev/nvidia0", "/dev/nvhost-gpu", "/dev/dxg"};
  private static final String[] FOLDERS = {"/usr/local/nvidia/lib64"};

  static CudaProbe ofThisMachine() {
    return new CudaProbe(Machine.current(), CudaProbe.class.getModule()::isNativeAccessEnabled,
        path -> SymbolLookup.libraryLookup(path.toString(), Arena.global()), JCudaLibrary::missing, CudaBlobs::onClassPath);
  }

  /** A GPU that kernels run on, with those kernels and the driver. */
  record Usable(CudaGpu gpu, CudaBlobs blobs, CudaBlobs.Choice choice, CudaDriver driver, DeviceInfo info) {}

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
    if (!PLATFORMS.contains(machine.platform())) {
      throw rejected("unsupported-system", "the CUDA backend is for " + String.join(" and ", PLATFORMS) + ", this is " + machine.platform(),
          "use a machine with Linux or Windows on x86-64 and an NVIDIA GPU");
    }
    boolean windows = machine.os().equals("windows");
    if (!windows && machine.first(DEVICE_FILES).isEmpty()) {
      throw rejected("no-driver", "none of " + String.join(", ", DEVICE_FILES) + " exists: no NVIDIA driver is loaded",
          "install the NVIDIA driver, or give the container access to the GPU (docker run --gpus all)");
    }
    String file = windows ? "nvcuda.dll" : "libcuda.so.1";
    Path library = machine.library(file, FOLDERS).orElseThrow(() -> rejected("no-library",
        "the library " + file + " of the NVIDIA driver was not found",
        "install the NVIDIA driver; in a container allow its compute part (NVIDIA_DRIVER_CAPABILITIES=compute,utility)"));
    jcuda.apply(machine).ifPresent(CudaProbe::reject);
    if (!nativeAccess.getAsBoolean()) {
      reject(Rejection.nativeAccessDisabled(getClass().getModule(), "the NVIDIA driver is installed (" + library + ")"));
    }
    CudaDriver driver = new CudaDriver(library.toString(), load(library));
    List<CudaGpu> gpus = driver.devices();
    driver.require(CudaCalls.FUNCTIONS);
    return usable(driver, gpus);
  }

  private SymbolLookup load(Path library) {
    try {
      return loader.apply(library);
    } catch (IllegalArgumentException e) {
      throw rejected("library-unusable", library + " could not be loaded: " + e.getMessage(),
          "reinstall the NVIDIA driver for " + machine.platform());
    }
  }

  private List<Usable> usable(CudaDriver driver, List<CudaGpu> gpus) {
    String found = "found " + String.join("; ", gpus.stream().map(CudaGpu::describe).toList());
    CudaBlobs kernels;
    try {
      kernels = blobs.get();
    } catch (KernelException e) {
      throw rejected("no-kernels", found + ", but there are no CUDA kernels: " + e.getMessage(),
          "leave the choice to the library, or name another backend");
    }
    List<CudaGpu> chosen = new ArrayList<>();
    List<String> left = new ArrayList<>();
    for (CudaGpu gpu : gpus) {
      if (gpu.obstacle() == null) {
        chosen.add(gpu);
      } else {
        left.add("device " + gpu.ordinal() + ", " + gpu.describe() + ", is left out: " + gpu.obstacle());
      }
    }
    if (chosen.isEmpty()) {
      throw rejected("no-device", String.join("; ", left), "use a GPU of the Ampere generation or later, or another backend");
    }
    chosen.sort(Comparator.comparingInt(CudaGpu::sm).thenComparingLong(CudaGpu::memory).reversed());
    return chosen.stream().map(gpu -> describe(gpu, kernels, driver, left)).toList();
  }

  private static Usable describe(CudaGpu gpu, CudaBlobs kernels, CudaDriver driver, List<String> left) {
    CudaBlobs.Choice choice;
    try {
      choice = kernels.choose(gpu);
    } catch (KernelException e) {
      throw rejected("no-kernels", e.getMessage(), "use a version of the library with kernels for this GPU, or another backend");
    }
    List<String> notes = new ArrayList<>(choice.notes());
    notes.add(STANDING);
    if (!driver.has(CudaCalls.GRAPH_FUNCTIONS)) {
      notes.add("recordings launch their kernels one by one: the driver is older than CUDA 11.4");
    }
    notes.addAll(left);
    List<String> features = List.of("sm_" + gpu.sm(), "cuda-" + CudaGpu.version(gpu.driver()), choice.blobs().getFirst().target());
    DeviceInfo info = new DeviceInfo("cuda", gpu.ordinal(), gpu.name(), false, gpu.memory(), features, notes);
    return new Usable(gpu, kernels, choice, driver, info);
  }

  private static void reject(Rejection rejection) {
    throw new BackendUnavailableException("cuda", rejection);
  }

  private static BackendUnavailableException rejected(String code, String seen, String fix) {
    return new BackendUnavailableException("cuda", new Rejection(code, seen, fix));
  }
}
