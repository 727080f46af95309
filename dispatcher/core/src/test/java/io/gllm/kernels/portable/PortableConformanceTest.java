package io.gllm.kernels.portable;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import io.gllm.kernels.testkit.Case;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The portable kernels in their checked host build: three orders of threads give the bits of the scalar tier. */
class PortableConformanceTest extends BackendConformance {
  private static final Set<QuantFormat> EVERYDAY = EnumSet.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K);

  private static final long WINDOW = 128 << 20;

  @Override
  protected Device open() {
    return new HostDevice(HostLibrary.get(), 0, WINDOW);
  }

  @Override
  protected List<Device> openVariants() {
    return List.of(new HostDevice(HostLibrary.get(), 1, WINDOW), new HostDevice(HostLibrary.get(), 2, HostDevice.SMALL_WINDOW));
  }

  @Override
  protected Device openReference() {
    return KernelDispatcher.builder().backend("cpu").option("cpu.tier", "scalar").option("cpu.threads", "1").openDevice();
  }

  @Override
  protected boolean modesDiffer() {
    return false;
  }

  /** Each product of the interpreted or checked code takes a hundred times as long as on a device; Vulkan runs all of them. */
  @Override
  protected String leftOut(Case test) {
    boolean rare = test.type() instanceof QuantFormat format && !EVERYDAY.contains(format) && test.op() != Dequant.OP;
    return rare && !Boolean.getBoolean("gllm.conformance.all") ? "runs with -Dgllm.conformance.all=true" : null;
  }
}
