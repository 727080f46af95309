package io.gllm.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Probe;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The options of the CPU backend, and what the device says of itself. */
class CpuBackendProviderTest {
  private static Probe probe(String... options) {
    Map<String, String> map = options.length == 0 ? Map.of() : Map.of(options[0], options[1]);
    return new CpuBackendProvider().probe(new BackendConfig(map));
  }

  @Test
  void theNameTellsTheTierInUse() {
    assertTrue(probe("cpu.tier", "scalar").devices().getFirst().name().endsWith(", scalar"));
    assertTrue(probe("cpu.tier", "vector").devices().getFirst().name().matches(".*, (vector|scalar)"));
  }

  @Test
  void anInstructionSetThatIsNotThereIsRefusedAndNotReplaced() {
    String foreign = System.getProperty("os.arch").equals("aarch64") ? "avx2" : "neon";
    for (String isa : new String[]{foreign, "2", "x86_64", "sse"}) {
      assertNotNull(probe("cpu.isa", isa).rejection(), isa);
      assertEquals(0, probe("cpu.isa", isa).devices().size());
    }
  }

  @Test
  void valuesThatDoNotExistAreMisuse() {
    assertThrows(IllegalArgumentException.class, () -> probe("cpu.tier", "quantum"));
    var provider = new CpuBackendProvider();
    for (String threads : new String[]{"0", "-1", "many", "1025"}) {
      var config = new BackendConfig(Map.of("cpu.threads", threads));
      assertThrows(IllegalArgumentException.class, () -> provider.open(provider.probe(config).devices().getFirst(), config), threads);
    }
  }
}
