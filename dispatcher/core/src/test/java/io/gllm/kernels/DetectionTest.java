package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which device is chosen, and what is said of the others. */
class DetectionTest {
  private static Detection.Choice choose(String name, BackendProvider... providers) {
    Map<String, BackendProvider> map = new LinkedHashMap<>();
    for (BackendProvider provider : providers) {
      map.put(provider.name(), provider);
    }
    return new Detection(map, BackendConfig.DEFAULT).choose(name);
  }

  @Test
  void theFirstBackendWithADeviceIsChosenAndLaterOnesAreNotAsked() {
    var choice = choose(null, new FarDevice.Absent("cuda"), new FarDevice.Provider("vulkan"), new FarDevice.Provider("cpu"));
    assertEquals("vulkan", choice.device().info().backend());
    assertEquals(2, choice.report().backends().size());
    assertEquals("using vulkan: far vulkan; cuda: no cuda here", choice.report().summary());
  }

  @Test
  void emulatedDevicesComeAfterTheCpu() {
    var llvmpipe = new FarDevice.Provider("vulkan", true, false, BackendProvider.SPI_VERSION);
    assertEquals("cpu", choose(null, llvmpipe, new FarDevice.Provider("cpu")).device().info().backend());
    assertEquals("vulkan", choose(null, llvmpipe, new FarDevice.Absent("cpu")).device().info().backend());
    assertEquals("vulkan", choose("vulkan", llvmpipe, new FarDevice.Provider("cpu")).device().info().backend());
  }

  @Test
  void aDeviceThatDoesNotOpenIsPassedOverWithItsReason() {
    var broken = new FarDevice.Provider("cuda", false, true, BackendProvider.SPI_VERSION);
    var choice = choose(null, broken, new FarDevice.Provider("cpu"));
    assertEquals("cpu", choice.device().info().backend());
    assertTrue(choice.report().summary().contains("out of order"), choice.report().summary());
  }

  @Test
  void aBackendAskedForByNameNeverFallsBack() {
    var e = assertThrows(BackendUnavailableException.class,
        () -> choose("cuda", new FarDevice.Absent("cuda"), new FarDevice.Provider("cpu")));
    assertEquals("no-driver", e.rejection().code());
    assertTrue(e.getMessage().contains("buy one"), e.getMessage());
  }

  @Test
  void aProviderOfAnotherVersionIsRejected() {
    var old = new FarDevice.Provider("cuda", false, false, 0);
    var choice = choose(null, old, new FarDevice.Provider("cpu"));
    assertEquals("spi-version", choice.report().backends().getFirst().rejection().code());
  }

  @Test
  void aProbeThatThrowsIsARejection() {
    BackendProvider throwing = new BackendProvider() {
      @Override
      public String name() {
        return "cuda";
      }

      @Override
      public io.gllm.kernels.api.spi.Probe probe(BackendConfig config) {
        throw new UnsatisfiedLinkError("no libcuda");
      }

      @Override
      public io.gllm.kernels.api.spi.Device open(io.gllm.kernels.api.spi.DeviceInfo device, BackendConfig config) {
        throw new AssertionError();
      }
    };
    assertEquals("probe-failed", choose(null, throwing, new FarDevice.Provider("cpu")).report().backends().getFirst().rejection().code());
  }

  @Test
  void withoutAnyDeviceThereIsAnError() {
    assertThrows(BackendUnavailableException.class, () -> choose(null, new FarDevice.Absent("cpu")));
  }
}
