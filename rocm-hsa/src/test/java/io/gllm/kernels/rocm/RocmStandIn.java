package io.gllm.kernels.rocm;

import io.gllm.kernels.api.spi.BackendProvider;
import java.util.ArrayList;
import java.util.List;

/** The whole backend on a GPU that is a stand-in and runs the shipped machine code in the interpreter, for tests of what lies above. */
public final class RocmStandIn {
  private final StandInHsa runtime;
  private final RocmBackendProvider provider;

  /** With a GPU of some chip, such as gfx1100. */
  public RocmStandIn(String chip) {
    runtime = StandInGpu.runtime(StandInGpu.listing(chip));
    provider = ProbeKernels.install(runtime, RocmBlobs::onClassPath);
  }

  /** The backend. */
  public BackendProvider provider() {
    return provider;
  }

  /** What a GPU would not have survived, and what was left behind; for use after the device was closed. */
  public List<String> mistakes() {
    List<String> all = new ArrayList<>();
    runtime.failures.forEach(failure -> all.add(failure.toString()));
    all.addAll(runtime.leaks);
    if (!runtime.isIdle()) {
      all.add("the runtime is in use");
    }
    return all;
  }
}
