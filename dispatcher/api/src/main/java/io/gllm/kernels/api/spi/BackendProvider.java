package io.gllm.kernels.api.spi;

import java.util.List;

/** Entry point of a backend, found by {@link java.util.ServiceLoader}. */
public interface BackendProvider {
  /** Version of this interface; a provider that was built against another one is rejected with a reason. */
  int SPI_VERSION = 1;

  /** The {@link #SPI_VERSION} the provider was compiled against. */
  default int spiVersion() {
    return SPI_VERSION;
  }

  /** Lower-case name: {@code cuda}, {@code rocm}, {@code metal}, {@code vulkan} or {@code cpu}. */
  String name();

  /** What people should know of the backend on any machine, such as what its kernels ran on so far. */
  default List<String> notes() {
    return List.of();
  }

  /**
   * Looks for devices: cheap checks first (device file, then library), nothing restricted unless there is hope. Never
   * throws because of the machine; an unusable machine is a {@link Rejection}.
   */
  Probe probe(BackendConfig config);

  /**
   * Opens a device that {@link #probe} found.
   *
   * @throws io.gllm.kernels.api.KernelException if it cannot be opened after all
   */
  Device open(DeviceInfo device, BackendConfig config);
}
