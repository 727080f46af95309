package io.gllm.kernels.report;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import java.util.Map;
import java.util.ServiceLoader;

/** Prints how a fresh JVM chooses among the tiers from vector on. In no package of the CPU module, so that it can stand beside it. */
public final class TierReport {
  private TierReport() {}

  /** Prints the notes of the device and the candidates of vec_add. */
  public static void main(String[] args) {
    BackendConfig config = new BackendConfig(Map.of("cpu.tier", "vector", "cpu.threads", "1"));
    BackendProvider provider = ServiceLoader.load(BackendProvider.class).findFirst().orElseThrow();
    DeviceInfo info = provider.probe(config).devices().getFirst();
    info.notes().forEach(note -> System.out.println("note " + note));
    try (Device device = provider.open(info, config)) {
      for (Candidate c : device.explain(BinaryOp.ADD, DType.F32, Numerics.FAST)) {
        System.out.println(c.kernel() + " " + c.chosen() + " " + c.reason());
      }
    }
  }
}
