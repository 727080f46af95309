package io.gllm.kernels.testkit;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import java.util.Map;
import java.util.ServiceLoader;

/** Backends that the service loader finds beside a test. */
public final class InstalledBackends {
  private InstalledBackends() {}

  /** The provider of a backend. */
  public static BackendProvider named(String backend) {
    return ServiceLoader.load(BackendProvider.class).stream().map(ServiceLoader.Provider::get)
        .filter(provider -> provider.name().equals(backend)).findFirst().orElseThrow();
  }

  /** The CPU's scalar tier on one thread, whose bits are those of the reproducible mode. */
  public static Device scalarTier() {
    BackendProvider cpu = named("cpu");
    BackendConfig scalar = new BackendConfig(Map.of("cpu.tier", "scalar", "cpu.threads", "1"));
    return cpu.open(cpu.probe(scalar).devices().getFirst(), scalar);
  }
}
