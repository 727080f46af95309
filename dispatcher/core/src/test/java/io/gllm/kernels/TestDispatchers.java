package io.gllm.kernels;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import java.util.List;
import java.util.Map;

/** Dispatchers on backends that are not on the list of services. */
public final class TestDispatchers {
  private TestDispatchers() {}

  /** One whose device captures recordings, but loses what it is told to move. */
  public static KernelDispatcher losingNumbers() {
    FarDevice.Provider far = new FarDevice.Provider("far");
    return on(new BackendProvider() {
      @Override
      public String name() {
        return far.name();
      }

      @Override
      public Probe probe(BackendConfig config) {
        return Probe.found(List.of(new DeviceInfo("far", 0, "a lossy device", false, -1, List.of("graphs"), List.of())));
      }

      @Override
      public Device open(DeviceInfo device, BackendConfig config) {
        return far.open(device, config);
      }
    });
  }

  /** One with all that a user gets by default. */
  public static KernelDispatcher on(BackendProvider provider) {
    return new KernelDispatcher.Builder(Map.of(provider.name(), provider)).backend(provider.name()).create();
  }

  /** One that refuses to copy operands for each call. */
  public static KernelDispatcher strict(BackendProvider provider) {
    return new KernelDispatcher.Builder(Map.of(provider.name(), provider)).backend(provider.name()).strict().create();
  }
}
