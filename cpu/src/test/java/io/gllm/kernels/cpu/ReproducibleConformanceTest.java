package io.gllm.kernels.cpu;

import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** In the reproducible mode every tier and instruction set, with any number of threads, gives the bits of the scalar tier. */
class ReproducibleConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return CpuDevices.scalar(2);
  }

  @Override
  protected List<Device> openVariants() {
    List<Device> devices = new ArrayList<>(List.of(CpuDevices.scalar(1), CpuDevices.scalar(3)));
    for (int threads : new int[]{1, 3}) {
      devices.add(CpuDevices.vector(threads));
      if (CpuDevices.hasMachineCode(null)) {
        devices.add(CpuDevices.machineCode(null, threads));
      }
    }
    if (CpuDevices.hasMachineCode("avx2")) {
      devices.add(CpuDevices.machineCode("avx2", 3));
    }
    return devices;
  }

  @Override
  protected Set<Numerics> modes() {
    return EnumSet.of(Numerics.REPRODUCIBLE);
  }
}
