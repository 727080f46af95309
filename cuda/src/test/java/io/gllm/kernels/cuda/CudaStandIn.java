package io.gllm.kernels.cuda;

import io.gllm.kernels.api.spi.BackendProvider;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The whole backend on a GPU that is a stand-in and runs the shipped PTX in the interpreter, for tests of what lies above. */
public final class CudaStandIn {
  private final StandInDriver driver = new StandInDriver();
  private final CudaBackendProvider provider;

  /** Skips the test where the stand-in cannot be built. */
  public CudaStandIn() {
    driver.total = 8L << 30;
    provider = new CudaBackendProvider(StandInLibcuda.install(driver, CudaBlobs.onClassPath()));
  }

  /** The backend. */
  public BackendProvider provider() {
    return provider;
  }

  /** How often a function of the driver was called. */
  public long calls(String function) {
    synchronized (driver) {
      return Collections.frequency(driver.log, function);
    }
  }

  /** What a driver would not have survived, and what was left behind; for use after the device was closed. */
  public List<String> mistakes() {
    List<String> all = new ArrayList<>();
    driver.failures.forEach(failure -> all.add(failure.toString()));
    all.addAll(driver.leaks);
    if (!driver.isIdle()) {
      all.add("the context is alive");
    }
    return all;
  }
}
